//! The command line: arguments to settings, results to an exit status. Thin.

mod accesses;
mod check;
mod compare;
mod examples;
mod exit;
mod explain;
mod fleet;
mod format;
mod generate;
mod layouts;
mod merge;
mod objects;
mod output;
mod pictures;
mod policy;
mod progress;
mod reported;
mod stores;

use clap::{Parser, Subcommand};

pub use exit::Exit;

/// Tells on which kernels an eBPF CO-RE object will load, on which it will not, and why.
#[derive(Debug, Parser)]
#[command(name = "corecheck", version, max_term_width = 100)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
    /// Say more about what is done, on standard error (-vv: still more)
    #[arg(short, long, action = clap::ArgAction::Count, global = true)]
    verbose: u8,
    /// Colour in the output
    #[arg(long, value_enum, default_value_t, global = true, value_name = "WHEN")]
    color: output::ColorWhen,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Check objects against kernels: the main job
    #[command(after_help = examples::CHECK)]
    Check(check::CheckArgs),
    /// Put the reports of `check --shard` together into the one that a single run would have written
    #[command(after_help = examples::MERGE)]
    Merge(merge::MergeArgs),
    /// Compare two builds: what the new one asks of kernels that the old one did not, and which kernels that costs
    #[command(after_help = examples::COMPARE)]
    Compare(compare::CompareArgs),
    /// List what objects ask of a kernel, with source lines
    #[command(after_help = examples::ACCESSES)]
    Accesses(accesses::AccessesArgs),
    /// Explain what a finding means, why it happens and what to do
    #[command(after_help = examples::EXPLAIN)]
    Explain(explain::ExplainArgs),
    /// Look at what is stored: kernels, types, and how types differ
    #[command(after_help = examples::LAYOUTS)]
    Layouts(layouts::LayoutsArgs),
    /// Write a script with which a shell completes arguments
    Completions(generate::CompletionsArgs),
    /// Write manual pages
    Man(generate::ManArgs),
}

impl Cli {
    /// How much the log says.
    pub fn log_level(&self) -> log::LevelFilter {
        match self.verbose {
            0 => log::LevelFilter::Warn,
            1 => log::LevelFilter::Info,
            _ => log::LevelFilter::Debug,
        }
    }

    /// Runs the command.
    ///
    /// # Errors
    /// The tool could not do its work; the message says why and what to do.
    pub fn run(self) -> anyhow::Result<Exit> {
        let screen = output::Screen::new(self.color);
        match self.command {
            Command::Check(args) => check::run(&args, &screen),
            Command::Merge(args) => merge::run(&args, &screen),
            Command::Compare(args) => compare::run(&args, &screen),
            Command::Accesses(args) => accesses::run(&args, &screen),
            Command::Explain(args) => explain::run(&args, &screen),
            Command::Layouts(args) => layouts::run(&args, &screen),
            Command::Completions(args) => generate::completions(&args, &screen),
            Command::Man(args) => generate::man(&args),
        }
    }
}
