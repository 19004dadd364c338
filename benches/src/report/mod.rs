//! What a run is told as, and in which forms.

mod about;
mod figures;
mod goals;
mod whole;

mod json;
mod markdown;
mod plot;

use std::fs;
use std::path::Path;

pub(crate) use about::About;
pub(crate) use whole::Report;

use crate::arguments::Options;
use crate::contender::Result;

/// Into the files that were asked for; the table to the screen if none was.
pub(crate) fn write(report: &Report, options: &Options) -> Result<()> {
    let files = [
        (&options.json, json::text(report)?),
        (&options.markdown, markdown::text(report)),
        (&options.plot, plot::text(report)),
    ];
    if files.iter().all(|(file, _)| file.is_none()) {
        println!("{}", markdown::text(report));
    }
    for (file, text) in files {
        file.as_deref().map_or(Ok(()), |file| save(file, &text))?;
    }
    Ok(())
}

fn save(file: &Path, text: &str) -> Result<()> {
    fs::write(file, text).map_err(|error| format!("{}: {error}", file.display()).into())
}
