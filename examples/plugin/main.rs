//! A plugin for the example `plugin_host`, which starts it: another executable, with objects that the host calls.
#![forbid(unsafe_code)]

#[path = "../plugin_host/api.rs"]
#[expect(unreachable_pub, reason = "in a larger project, a library of its own")]
mod api;

use std::thread;
use std::time::Duration;

use shared_runtime::{Shared, Ticket};

use self::api::{Filter, Host};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let ticket =
        std::env::var("PLUGIN_HOST").map_err(|_| "the example `plugin_host` starts this")?;
    let host = Shared::<Host>::from_ticket(&ticket.parse::<Ticket>()?)?;

    // Closures cannot travel; the objects that hold them can be called from anywhere.
    let upper = Shared::new(Filter::new(str::to_uppercase));
    let process = std::process::id();
    let quote = Shared::new(Filter::new(move |text| {
        format!("“{text}” (process {process})")
    }));
    host.register("upper", upper)?;
    host.register("quote", quote)?;

    // The objects live as long as this process. It ends when the host does.
    while Shared::ping(&host).is_ok() {
        thread::sleep(Duration::from_millis(100));
    }
    Ok(())
}
