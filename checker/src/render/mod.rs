//! Renderers.
pub mod layouts;
pub mod human {
    use crate::report::Report;
    use std::io;
    #[derive(Debug)]
    pub struct HumanOptions {
        pub width: usize,
        pub quiet: bool,
    }
    pub fn render(r: &Report, _o: &HumanOptions, out: &mut dyn io::Write) -> io::Result<()> {
        for x in &r.results {
            writeln!(
                out,
                "{} {} {:?} {:?}",
                x.kernel,
                x.verdict,
                x.reasons.iter().map(|r| &r.text).collect::<Vec<_>>(),
                x.conditions.iter().map(|r| r.code).collect::<Vec<_>>()
            )?;
        }
        for f in &r.findings {
            writeln!(
                out,
                "{}[{}] {} {:?} {:?} {:?}\n   {}",
                f.level,
                f.rule,
                f.message,
                f.details,
                f.kernels.len(),
                f.accesses,
                f.help
            )?;
        }
        Ok(())
    }
}
pub mod json {
    use crate::report::{Report, model::ObjectEntry};
    use std::io;
    pub fn report(r: &Report, out: &mut dyn io::Write) -> io::Result<()> {
        serde_json::to_writer_pretty(&mut *out, r)?;
        writeln!(out)
    }
    pub fn accesses(r: &[ObjectEntry], out: &mut dyn io::Write) -> io::Result<()> {
        serde_json::to_writer_pretty(&mut *out, r)?;
        writeln!(out)
    }
}
pub mod accesses {
    use crate::report::model::ObjectEntry;
    use std::io;
    pub fn render(r: &[ObjectEntry], _w: usize, out: &mut dyn io::Write) -> io::Result<()> {
        for o in r {
            writeln!(out, "{}", o.path)?;
            for a in &o.accesses {
                writeln!(
                    out,
                    "{} {} {} {} {} {} {:?} {:?}",
                    a.id,
                    a.function,
                    a.insn,
                    a.kind,
                    a.type_name,
                    a.path,
                    a.local_value,
                    a.source.as_ref().map(|s| (s.line, &s.text))
                )?;
            }
        }
        Ok(())
    }
}
