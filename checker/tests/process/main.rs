//! Runs the real `corecheck` as its users do, and looks at what it prints, writes and returns.
//!
//! No network, no root and no compiler for BPF is needed. JSON is asked for facts; of what is printed for people only
//! what must be in it is tested here, its form elsewhere.

mod accesses;
mod against;
mod alternatives;
mod bad_btf;
mod bad_objects;
mod bad_usage;
mod changes;
mod ci;
mod compare;
mod debian;
mod elf;
mod embedded;
mod explain;
mod generate;
mod health;
mod inventory;
mod kernels;
mod loaders;
mod logs;
mod main_job;
mod missing_parts;
mod needs;
mod options;
mod policy;
mod readme;
mod report;
mod run;
mod shards;
mod source_lines;
mod statuses;
mod stores;
