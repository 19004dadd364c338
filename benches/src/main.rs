//! Ours beside everything else there is, in one interleaved run. `benches/README.md` says how to run it and what the figures mean.

mod stats;

mod contender;

mod child;
mod lines;
mod machine;
mod stream;

mod floor;
mod futex;
mod ours;
mod tcp;
mod unix;

#[cfg(feature = "peers")]
mod peers;

mod contenders;

mod cases;
mod measure;
mod rounds;

mod report;

mod arguments;

use std::process::ExitCode;

use arguments::{Options, Role};
use cases::Case;
use contender::{Contender, Result};

fn main() -> ExitCode {
    shared_runtime::init();
    match arguments::parse(std::env::args().skip(1)).and_then(play) {
        Ok(code) => code,
        Err(fault) => {
            eprintln!("{fault}");
            ExitCode::FAILURE
        }
    }
}

fn play(role: Role) -> Result<ExitCode> {
    match role {
        Role::Report(options) => return report(&options),
        Role::Measure {
            contender,
            case,
            effort,
        } => {
            child::begin(None)?;
            let case = Case::named(&case).ok_or("no such case")?;
            let sample = measure::measure(&*named(&contender)?, case, effort)?;
            println!("{}", serde_json::to_string(&sample)?);
        }
        Role::Serve {
            contender,
            cpu,
            address,
        } => {
            child::begin(cpu)?;
            named(&contender)?.serve(&address)?;
        }
        Role::Burn(cpu) => {
            child::begin(Some(cpu))?;
            child::burn()
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn named(name: &str) -> Result<Box<dyn Contender>> {
    let found = contenders::all()
        .into_iter()
        .find(|contender| contender.name() == name);
    found.ok_or_else(|| format!("no contender {name}").into())
}

/// The whole run: who, what, the rounds, the files. A contender that failed is named, and makes it a failure.
fn report(options: &Options) -> Result<ExitCode> {
    let everybody = contenders::all();
    let invited = contenders::invited(&everybody, options.quick, &options.contenders)?;
    let about = report::About::begin(options.quick, &invited);
    let plan = rounds::Plan::of(options, invited.able)?;
    let outcome = rounds::run(&plan);
    let report = report::Report::of(about, &outcome);
    report::write(&report, options)?;
    let failed = !outcome.failures.is_empty();
    Ok(u8::from(failed).into())
}
