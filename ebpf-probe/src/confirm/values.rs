//! What was read from a group against what is known of it from elsewhere.

use crate::find::Group;
use crate::load::GroupStatus;
use crate::read::{Answer, OpenGroup};
use crate::report::{AccessSeen, Datum, ObjectEntry, ValueEntry};

/// How a group was when it was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// Another process has it open.
    Held,
    /// This program has it open.
    Opened,
    /// This program had it open, and nobody has.
    Closed,
}

impl When {
    fn word(self) -> &'static str {
        match self {
            Self::Held => "held",
            Self::Opened => "opened",
            Self::Closed => "closed",
        }
    }
}

/// One look at a group.
#[derive(Debug, Clone)]
pub struct Reading<'a> {
    /// The group.
    pub group: &'a Group,
    /// How it was.
    pub when: When,
    /// As the live program saw it, the last time it was open.
    pub seen: OpenGroup,
    /// As the sample program read it.
    pub answer: Answer,
    /// What the kernel said of it, if this program has it open.
    pub status: Option<GroupStatus>,
    /// How many references there were while it was open.
    pub before: Option<i32>,
    /// Whether it stayed so while it was read.
    pub is_steady: bool,
}

/// The objects whose programs read.
#[derive(Debug, Clone, Copy)]
pub struct Objects<'a> {
    /// The sample program's.
    pub sample: &'a ObjectEntry,
    /// The live program's.
    pub live: &'a ObjectEntry,
}

/// A value before it is put beside its access.
struct Read {
    what: &'static str,
    is_sample: bool,
    places: &'static [(&'static str, &'static str)],
    value: Option<Datum>,
    /// What it must be, and whether it is.
    truth: Option<(String, bool)>,
    source: &'static str,
}

/// Compares all that was read.
pub fn values(readings: &[Reading<'_>], objects: Objects<'_>) -> Vec<ValueEntry> {
    readings.iter().flat_map(|reading| of_reading(reading, objects)).collect()
}

fn of_reading(reading: &Reading<'_>, objects: Objects<'_>) -> Vec<ValueEntry> {
    let mut all = of_sample(reading, objects);
    // The live program sees open files only.
    if reading.when != When::Closed {
        all.extend(of_live(reading));
    }
    all.into_iter().map(|read| entry(read, reading, objects)).collect()
}

const GROUP: &str = "struct vfio_group";
const AT_LEAST_ONE: &str = "at least 1";

/// Whether it counts something that is there: what stands elsewhere in memory is mostly 0, or far too much.
fn is_count(number: i32) -> bool {
    (1..1 << 16).contains(&number)
}

/// What the sample program read.
fn of_sample(reading: &Reading<'_>, objects: Objects<'_>) -> Vec<Read> {
    let Reading { group, answer, seen, when, .. } = reading;
    let number = |value: Option<i32>| value.map(|value| Datum::Number(i64::from(value)));
    let address = |value: Option<u64>| value.map(|value| Datum::Text(format!("{value:#x}")));
    let read =
        |what, places, value, truth, source| Read { what, is_sample: true, places, value, truth, source };
    let is_open = *when != When::Closed;
    let minor = group.device.map(|(_, minor)| i64::from(minor));
    vec![
        read(
            "minor",
            &[(GROUP, "minor"), (GROUP, "dev.devt")],
            number(answer.minor),
            minor.map(|minor| (minor.to_string(), answer.minor.map(i64::from) == Some(minor))),
            "/sys/class/vfio",
        ),
        read(
            "noiommu",
            &[(GROUP, "noiommu"), (GROUP, "type")],
            answer.noiommu.map(Datum::Flag),
            Some((group.is_noiommu.to_string(), answer.noiommu == Some(group.is_noiommu))),
            "the name in /dev/vfio",
        ),
        read(
            "opened",
            &[(GROUP, "opened.counter"), (GROUP, "opened_file")],
            number(answer.opened),
            Some(match is_open {
                true => (AT_LEAST_ONE.to_owned(), answer.opened.is_some_and(is_count)),
                false => ("0".to_owned(), answer.opened == Some(0)),
            }),
            if *when == When::Held { "/proc" } else { "this program" },
        ),
        read(
            "references",
            &[(GROUP, "kref.refcount.refs.counter"), (GROUP, "users.refs.counter")],
            number(answer.references),
            Some(match reading.before {
                // Who opens it holds one (`vfio_group_fops_open`).
                Some(before) => (
                    before.saturating_sub(1).to_string(),
                    answer.references == Some(before.saturating_sub(1)),
                ),
                None => (AT_LEAST_ONE.to_owned(), answer.references.is_some_and(is_count)),
            }),
            if reading.before.is_some() { "one less than while it was open" } else { "it exists" },
        ),
        read(
            "container_users",
            &[(GROUP, "container_users.counter"), (GROUP, "container_users")],
            number(answer.container_users),
            container_truth(reading),
            if reading.status.is_some() { "VFIO_GROUP_GET_STATUS" } else { "whether it has a container" },
        ),
        read(
            "iommu_group",
            &[(GROUP, "iommu_group")],
            address(answer.iommu_group),
            seen.iommu_group
                .filter(|_| seen.id == i32::try_from(group.number).ok())
                .map(|known| (format!("{known:#x}"), answer.iommu_group == Some(known))),
            "the IOMMU group of this number",
        ),
        read(
            "dev",
            &[(GROUP, "dev")],
            address(answer.dev),
            device_truth(reading, objects),
            "the device of this name",
        ),
    ]
}

/// In a container it has users, and else none.
fn container_truth(reading: &Reading<'_>) -> Option<(String, bool)> {
    let users = reading.answer.container_users;
    let is_in_container = match (reading.when, reading.status) {
        (When::Closed, _) => false,
        (_, Some(status)) => status.is_in_container,
        (_, None) => reading.seen.container? != 0,
    };
    Some(match is_in_container {
        true => (AT_LEAST_ONE.to_owned(), users.is_some_and(is_count)),
        false => ("0".to_owned(), users == Some(0)),
    })
}

/// The device is a part of the group, or the pointer that leads to one of the group's name.
fn device_truth(reading: &Reading<'_>, objects: Objects<'_>) -> Option<(String, bool)> {
    let own = |seen: &&AccessSeen| {
        seen.access.kind == "byte_off" && seen.access.path == "dev" && seen.predicted.outcome == "resolved"
    };
    let access = objects.sample.accesses.iter().find(own)?;
    let is_right_name = reading.seen.name.as_deref() == Some(reading.group.name.as_str());
    if access.access.type_name.ends_with("___embedding") {
        let inside = access.predicted.value.and_then(|offset| reading.seen.group.checked_add(offset))?;
        return Some((format!("{inside:#x}"), is_right_name && reading.answer.dev == Some(inside)));
    }
    let word = "the address of a device".to_owned();
    Some((word, is_right_name && reading.answer.dev.is_some_and(|address| address != 0)))
}

/// What the live program read.
fn of_live(reading: &Reading<'_>) -> Vec<Read> {
    let Reading { group, seen, .. } = reading;
    let read =
        |what, places, value, truth, source| Read { what, is_sample: false, places, value, truth, source };
    let numbers = |(major, minor): (u32, u32)| format!("{major}:{minor}");
    vec![
        read(
            "id",
            &[("struct iommu_group", "id")],
            seen.id.map(|id| Datum::Number(i64::from(id))),
            Some((group.number.to_string(), seen.id == i32::try_from(group.number).ok())),
            "/sys/kernel/iommu_groups",
        ),
        read(
            "name",
            &[("struct device", "kobj.name")],
            seen.name.clone().map(Datum::Text),
            Some((group.name.clone(), seen.name.as_deref() == Some(group.name.as_str()))),
            "/dev/vfio",
        ),
        read(
            "devt",
            &[("struct device", "devt")],
            seen.devt.map(|devt| Datum::Text(numbers(devt))),
            group.device.map(|device| (numbers(device), seen.devt == Some(device))),
            "/sys/class/vfio",
        ),
    ]
}

/// The value beside its access.
fn entry(read: Read, reading: &Reading<'_>, objects: Objects<'_>) -> ValueEntry {
    let object = if read.is_sample { objects.sample } else { objects.live };
    let is_place = |seen: &&AccessSeen| {
        let essential = seen.access.type_name.split("___").next().unwrap_or_default();
        let is_named = read.places.iter().any(|&(name, path)| name == essential && path == seen.access.path);
        is_named && seen.access.kind == "byte_off" && seen.predicted.outcome == "resolved"
    };
    let mut accesses = object.accesses.iter().filter(is_place);
    let patched = |seen: &&AccessSeen| seen.observed.iter().any(|one| one.value.is_some());
    let access = accesses.clone().find(patched).or_else(|| accesses.next());
    let (result, text) = match (&read.value, &read.truth) {
        _ if !reading.is_steady => ("not-read", Some("it was opened or closed while it was read")),
        (None, _) if access.is_none() => ("not-read", Some("the program knows no such field of this kernel")),
        (None, _) => ("not-read", Some("the program did not read it")),
        (Some(_), None) => ("not-read", Some("nothing else tells what it must be")),
        (Some(_), Some((_, true))) => ("confirmed", None),
        (Some(_), Some((_, false))) => ("contradicted", None),
    };
    let first = read.places.first().copied().unwrap_or_default();
    ValueEntry {
        group: reading.group.name.clone(),
        state: reading.when.word(),
        what: read.what,
        object: object.path.clone(),
        access: access.map(|seen| seen.access.id),
        place: match access {
            Some(seen) => format!("{}.{}", seen.access.type_name, seen.access.path),
            None => format!("{}.{}", first.0, first.1),
        },
        prediction: access.and_then(|seen| seen.predicted.value),
        kernel: access.and_then(|seen| seen.observed.iter().find_map(|one| one.value)),
        value: read.value,
        truth: read.truth.map(|(truth, _)| truth),
        source: read.source,
        result,
        text: text.map(str::to_owned),
    }
}
