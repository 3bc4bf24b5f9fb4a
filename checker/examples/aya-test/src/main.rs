//! Counts for a second.

use std::thread::sleep;
use std::time::Duration;

use example_aya_test::States;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let states = States::load()?;
    sleep(Duration::from_secs(1));
    let [runnable, waiting] = states.counts()?;
    println!("{runnable} left the processor runnable, {waiting} waiting");
    Ok(())
}
