//! A program with plugins that are programs of their own: each gets a ticket, registers what it can do, and may die without harm.
//!
//! `cargo build --examples && cargo run --example plugin_host [PLUGIN]`: without a path, the example `plugin` beside this one.
#![forbid(unsafe_code)]

#[expect(unreachable_pub, reason = "in a larger project, a library of its own")]
mod api;

use std::path::PathBuf;
use std::process::{Child, Command};
use std::thread;
use std::time::Duration;

use shared_runtime::Shared;

use self::api::Host;

/// Starts a plugin with a handle to the host, as text in its environment: it can be used once, within ten seconds.
fn start(plugin: &PathBuf, host: &Shared<Host>) -> Result<Child, Box<dyn std::error::Error>> {
    let ticket = Shared::ticket(host, Duration::from_secs(10))?;
    let mut command = Command::new(plugin);
    let started = command.env("PLUGIN_HOST", ticket.to_string()).spawn();
    started.map_err(|error| {
        format!(
            "{}: {error}; `cargo build --examples` builds it",
            plugin.display()
        )
        .into()
    })
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let beside = std::env::current_exe()?.with_file_name("plugin");
    let plugin = std::env::args_os().nth(1).map_or(beside, PathBuf::from);

    let host = Shared::new(Host::default());
    let mut child = start(&plugin, &host)?;
    while host.filters()?.len() < 2 {
        if let Some(status) = child.try_wait()? {
            return Err(format!("the plugin ended: {status}").into());
        }
        thread::sleep(Duration::from_millis(5));
    }

    println!("host: filters are {}", host.filters()?.join(", "));
    println!("host: {}", host.run("hello, plugins")?);
    child.kill()?;
    child.wait()?;
    println!("host: {}", host.run("hello, nobody")?);
    println!(
        "host: filters are [{}], and the host goes on",
        host.filters()?.join(", ")
    );
    Ok(())
}
