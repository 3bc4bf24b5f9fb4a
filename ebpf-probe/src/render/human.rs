//! For people.

use std::io::{self, Write};

use crate::report::{AccessSeen, Datum, GroupEntry, ObjectEntry, Observation, ProgramEntry, ValueEntry};

/// Writes an observation; `all` shows every access, and not only those that are contradicted.
///
/// # Errors
/// When `out` cannot be written.
pub fn render(observation: &Observation, all: bool, out: &mut dyn Write) -> io::Result<()> {
    let machine = &observation.machine;
    writeln!(out, "kernel   {} ({})", machine.release, machine.kernel)?;
    let (with, without) = (machine.modules_with_btf.len(), machine.modules_without_btf.len());
    writeln!(out, "types    vmlinux and {with} modules; {without} loaded modules show none")?;
    for group in &observation.groups {
        self::group(group, out)?;
    }
    for note in &observation.notes {
        writeln!(out, "note: {}", note.text)?;
    }
    for object in &observation.objects {
        self::object(object, all, out)?;
    }
    values(observation, out)?;
    summary(observation, out)
}

fn group(group: &GroupEntry, out: &mut dyn Write) -> io::Result<()> {
    let holders: Vec<String> = group
        .holders
        .iter()
        .map(|holder| format!("{} (process {}, descriptor {})", holder.command, holder.pid, holder.fd))
        .collect();
    let users = if holders.is_empty() {
        "not in use".to_owned()
    } else {
        format!("in use by {}", holders.join(", "))
    };
    writeln!(out, "group    {}: {}, {users}", group.name, group.devices.join(" "))
}

/// The values, all of them: they are what people want to see.
fn values(observation: &Observation, out: &mut dyn Write) -> io::Result<()> {
    let mut at = 0;
    let all = &observation.values;
    while let Some(first) = all.get(at) {
        let same = all[at..]
            .iter()
            .take_while(|value| (&value.group, value.state) == (&first.group, first.state))
            .count();
        let state = match first.state {
            "held" => "as another process has it open",
            "opened" => "opened by this program",
            _ => "closed again",
        };
        writeln!(out, "\ngroup {}, {state}:", first.group)?;
        let head = ["field", "prediction", "kernel", "value", "truth", "result"].map(str::to_owned);
        let rows: Vec<[String; 6]> = all[at..at + same].iter().map(value_row).collect();
        table(&[&[head][..], &rows].concat(), out)?;
        at += same;
    }
    Ok(())
}

fn value_row(value: &ValueEntry) -> [String; 6] {
    let offset = |offset: Option<u64>| offset.map_or_else(|| "-".to_owned(), |offset| format!("+{offset}"));
    let truth =
        value.truth.as_ref().map_or_else(|| "-".to_owned(), |truth| format!("{truth} ({})", value.source));
    let text = value.text.as_ref().map(|text| format!(": {text}")).unwrap_or_default();
    let datum = match &value.value {
        None => "-".to_owned(),
        Some(Datum::Number(number)) => number.to_string(),
        Some(Datum::Flag(flag)) => flag.to_string(),
        Some(Datum::Text(text)) => text.clone(),
    };
    let place = value.place.replacen("struct ", "", 1);
    [place, offset(value.prediction), offset(value.kernel), datum, truth, format!("{}{text}", value.result)]
}

fn object(object: &ObjectEntry, all: bool, out: &mut dyn Write) -> io::Result<()> {
    let predicted = &object.predicted;
    writeln!(out, "\n{}: {} predicted with {}'s rules", object.path, predicted.verdict, predicted.loader)?;
    for reason in &predicted.reasons {
        writeln!(out, "  predicted because {}", reason.text)?;
    }
    if let (Some(phase), Some(text)) = (object.observed.phase, &object.observed.text) {
        writeln!(out, "  {} refuses it ({phase}): {text}", object.loader.name)?;
    }
    for program in &object.programs {
        self::program(program, out)?;
    }
    let shown: Vec<&AccessSeen> =
        object.accesses.iter().filter(|access| all || access.result == "contradicted").collect();
    let count = |result: &str| object.accesses.iter().filter(|access| access.result == result).count();
    writeln!(
        out,
        "  {} accesses: {} confirmed, {} contradicted, {} not read",
        object.accesses.len(),
        count("confirmed"),
        count("contradicted"),
        count("not-read")
    )?;
    if shown.is_empty() {
        return Ok(());
    }
    let rows: Vec<[String; 5]> = shown.iter().map(|access| row(access)).collect();
    let head = ["access", "asks", "prediction", "kernel", "result"].map(str::to_owned);
    table(&[&[head][..], &rows].concat(), out)
}

fn program(program: &ProgramEntry, out: &mut dyn Write) -> io::Result<()> {
    let phase = program.predicted_phase.map(|phase| format!(" ({phase})")).unwrap_or_default();
    writeln!(
        out,
        "  {}: predicted {}{phase}, {}: {}",
        program.name, program.predicted, program.observed.state, program.comparison
    )?;
    if let Some(text) = &program.observed.text {
        writeln!(out, "    {text}")?;
    }
    Ok(())
}

fn row(seen: &AccessSeen) -> [String; 5] {
    let number = |value: Option<u64>| value.map(|value| format!(" {value}")).unwrap_or_default();
    let reach = seen.predicted.reach.map(|reach| format!(", {reach}")).unwrap_or_default();
    let mut kernel: Vec<String> =
        seen.observed.iter().map(|one| format!("{}{}", one.state, number(one.value))).collect();
    kernel.dedup();
    let path = if seen.access.path.is_empty() { String::new() } else { format!(".{}", seen.access.path) };
    let text = seen.text.as_ref().map(|text| format!(": {text}")).unwrap_or_default();
    [
        format!("{}{path}", seen.access.type_name),
        seen.access.kind.to_owned(),
        format!("{}{}{reach}", seen.predicted.outcome, number(seen.predicted.value)),
        kernel.join("; "),
        format!("{}{text}", seen.result),
    ]
}

/// Rows under each other; the last column is as wide as it is.
fn table<const N: usize>(rows: &[[String; N]], out: &mut dyn Write) -> io::Result<()> {
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    for row in rows {
        let mut line = String::from("  ");
        for (column, cell) in row.iter().enumerate() {
            line.push_str(cell);
            let gap = width(column).saturating_sub(cell.chars().count()) + 2;
            line.extend(std::iter::repeat_n(' ', gap));
        }
        writeln!(out, "{}", line.trim_end())?;
    }
    Ok(())
}

fn summary(observation: &Observation, out: &mut dyn Write) -> io::Result<()> {
    let sum = &observation.summary;
    writeln!(
        out,
        "\n{} confirmed, {} contradicted, {} not read",
        sum.confirmed, sum.contradicted, sum.not_read
    )?;
    let programs = [
        (sum.right, "as predicted"),
        (sum.falsely_ok, "falsely ok"),
        (sum.falsely_failing, "falsely failing"),
        (sum.unknown, "not predicted"),
        (sum.other_cause, "refused for other causes"),
        (sum.not_compared, "not compared"),
    ];
    let programs: Vec<String> = programs
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!("{count} {what}"))
        .collect();
    if programs.is_empty() { Ok(()) } else { writeln!(out, "programs: {}", programs.join(", ")) }
}
