//! aya loads an object: once as a whole, up to its maps, then its programs, each for itself.

use std::os::fd::AsFd;

use aya::programs::Program;
use aya::{Btf, Ebpf, EbpfLoader};
use corecheck::attach::{By, Requirement, What, requirements};
use corecheck::loader::Version;
use corecheck::loader::aya::quiet;
use corecheck::object::Object;

use super::{Refusal, Translated};

/// What became of a program.
#[derive(Debug)]
pub enum State {
    /// The kernel took it.
    Loaded(Translated),
    /// It was refused.
    Refused(Refusal),
    /// It was not tried, for this reason.
    NotTried(String),
}

/// What programs are loaded against.
#[derive(Debug, Clone, Copy)]
pub struct Types<'a> {
    /// What accesses are relocated against.
    pub target: &'a Btf,
    /// The kernel's own, for ids of what programs attach to.
    pub kernel: &'a Btf,
}

/// Has aya read and relocate an object, and make its maps. `file` is the object's, or a numbered copy.
///
/// # Errors
/// What aya says, or its panic.
pub fn open(file: &[u8], target: &Btf) -> Result<Ebpf, Refusal> {
    let load = || EbpfLoader::new().btf(Some(target)).allow_unsupported_maps().load(file);
    match quiet::catch(load) {
        Ok(Ok(ebpf)) => Ok(ebpf),
        Ok(Err(error)) => Err(Refusal::of_object(&error)),
        Err(panic) => Err(Refusal::of_panic(&panic)),
    }
}

/// An object that is loaded, for as long as this lives.
#[derive(Debug)]
pub struct Loaded {
    /// Its programs and maps.
    pub ebpf: Ebpf,
    /// What became of each program, in the order of `Object::programs`.
    pub states: Vec<State>,
}

/// Loads every program of an object, each for itself.
///
/// # Errors
/// Why nothing of the object can be loaded.
pub fn load_each(object: &Object, file: &[u8], types: Types<'_>) -> Result<Loaded, Refusal> {
    let mut ebpf = open(file, types.target)?;
    let needs = requirements(object, Version::NEWEST);
    let state = |(index, program): (usize, &corecheck::object::Program)| {
        let name = object.functions.get(program.function).map_or("", |function| function.name.as_str());
        let Some(loaded) = ebpf.program_mut(name) else {
            return State::NotTried("aya knows no program of this name".to_owned());
        };
        load_one(loaded, target_of(&needs, index), types.kernel)
    };
    let states = object.programs.iter().enumerate().map(state).collect();
    Ok(Loaded { ebpf, states })
}

fn load_one(program: &mut Program, target: Option<&str>, kernel: &Btf) -> State {
    let result = match quiet::catch(|| call(program, target, kernel)) {
        Ok(Some(result)) => result,
        Ok(None) => return State::NotTried("its section does not say what it attaches to".to_owned()),
        Err(panic) => return State::Refused(Refusal::of_panic(&panic)),
    };
    if let Err(error) = result {
        return State::Refused(Refusal::of_program(&error));
    }
    let read = program.fd().map_err(|error| error.to_string());
    let read = read.and_then(|fd| Translated::read(fd.as_fd()).map_err(|error| error.to_string()));
    match read {
        Ok(translated) => State::Loaded(translated),
        Err(why) => State::NotTried(format!("it was loaded, but the kernel does not tell of it: {why}")),
    }
}

/// What a program's section says that it attaches to, where that decides already when it is loaded.
fn target_of(needs: &[Requirement], index: usize) -> Option<&str> {
    let mut own = needs.iter().filter(|need| matches!(need.by, By::Program(program) if program == index));
    own.find_map(|need| match &need.what {
        What::TracedFunction(target) | What::TypedTracepoint(target) => Some(target.name.as_str()),
        What::LsmHook(name) | What::Iterator(name) => Some(name.as_str()),
        _ => None,
    })
}

/// Loads it; `None` when it wants a target, and there is none.
fn call(
    program: &mut Program,
    target: Option<&str>,
    kernel: &Btf,
) -> Option<Result<(), aya::programs::ProgramError>> {
    Some(match program {
        Program::BtfTracePoint(program) => program.load(target?, kernel),
        Program::FEntry(program) => program.load(target?, kernel),
        Program::FExit(program) => program.load(target?, kernel),
        Program::Lsm(program) => program.load(target?, kernel),
        Program::LsmCgroup(program) => program.load(target?, kernel),
        Program::Iter(program) => program.load(target?, kernel),
        // These go with another program or map, which only their user knows.
        Program::Extension(_) => return None,
        Program::KProbe(program) => program.load(),
        Program::UProbe(program) => program.load(),
        Program::TracePoint(program) => program.load(),
        Program::SocketFilter(program) => program.load(),
        Program::ReusePortSocketFilter(program) => program.load(),
        Program::Xdp(program) => program.load(),
        Program::SkMsg(program) => program.load(),
        Program::SkSkb(program) => program.load(),
        Program::SockOps(program) => program.load(),
        Program::SchedClassifier(program) => program.load(),
        Program::CgroupSkb(program) => program.load(),
        Program::CgroupSock(program) => program.load(),
        Program::CgroupSockAddr(program) => program.load(),
        Program::CgroupSockopt(program) => program.load(),
        Program::CgroupSysctl(program) => program.load(),
        Program::CgroupDevice(program) => program.load(),
        Program::LircMode2(program) => program.load(),
        Program::PerfEvent(program) => program.load(),
        Program::RawTracePoint(program) => program.load(),
        Program::SkLookup(program) => program.load(),
        Program::SkReuseport(program) => program.load(),
        Program::FlowDissector(program) => program.load(),
    })
}
