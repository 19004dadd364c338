//! The report as tables for people.

use std::fmt::Write;

use super::figures::Figure;
use super::whole::Report;
use crate::cases::CASES;
use crate::stats::Spread;

pub(super) fn text(report: &Report) -> String {
    let parts = [head(report), goals(report), ratios(report), figures(report)];
    parts.concat()
}

fn head(report: &Report) -> String {
    let (about, machine) = (&report.about, &report.about.machine);
    let mut text = format!(
        "# Figures\n\nCommit {}, {}, {} × {}, Linux {}. Reading the clock takes {:.0} ns.\n",
        machine.commit, machine.rustc, machine.cpus, machine.cpu, machine.kernel, about.clock_ns
    );
    let versions = about
        .versions
        .iter()
        .map(|(name, version)| format!("{name} {version}"));
    line(&mut text, "Versions", &versions.collect::<Vec<_>>());
    let skipped = about
        .skipped
        .iter()
        .map(|(name, why)| format!("{name} ({why})"));
    line(&mut text, "Not measured", &skipped.collect::<Vec<_>>());
    line(&mut text, "Failed", report.failures);
    if about.is_busy() {
        let load = about.load;
        line(
            &mut text,
            "Warning",
            &[format!(
                "the machine was busy (load {load}), so figures are off"
            )],
        );
    }
    text
}

fn line(text: &mut String, what: &str, items: &[String]) {
    if !items.is_empty() {
        push(text, format_args!("\n{what}: {}.\n", items.join(", ")));
    }
}

/// Writing to a text cannot fail.
fn push(text: &mut String, more: std::fmt::Arguments) {
    let _ = text.write_fmt(more);
}

fn goals(report: &Report) -> String {
    let mut text = "\n## Goals\n\n| figure | goal | here | met |\n|---|---|---|---|\n".to_owned();
    for goal in &report.goals {
        let (met, value) = (if goal.met { "yes" } else { "no" }, short(goal.value));
        push(
            &mut text,
            format_args!("| {} | {} | {value} | {met} |\n", goal.name, goal.wanted),
        );
    }
    text
}

fn ratios(report: &Report) -> String {
    let mut text = "\n## Ratios\n\nTime of a call of ours by theirs, within each round: less than 1 is faster than they are.\n\n\
                    | ratio | median | least | most |\n|---|---|---|---|\n"
        .to_owned();
    for (name, ratio) in &report.ratios {
        let [median, min, max] = [ratio.median, ratio.min, ratio.max].map(short);
        push(
            &mut text,
            format_args!("| {name} | {median} | {min} | {max} |\n"),
        );
    }
    text
}

fn figures(report: &Report) -> String {
    let mut text = "\n## Figures\n".to_owned();
    for case in &CASES {
        let Some(all) = report.figures.get(case.name) else {
            continue;
        };
        let columns = case.unit().unwrap_or("ns a call");
        push(
            &mut text,
            format_args!(
                "\n### {}\n\n| | {columns} | least | most | p50 | p99 | calls/s |\n|---|---|---|---|---|---|---|\n",
                case.name
            ),
        );
        let mut all: Vec<_> = all.iter().collect();
        all.sort_by(|(_, a), (_, b)| a.value.median.total_cmp(&b.value.median));
        for (contender, figure) in all {
            push(
                &mut text,
                format_args!("| {contender} | {} |\n", cells(figure)),
            );
        }
    }
    text
}

fn cells(figure: &Figure) -> String {
    let Spread { median, min, max } = figure.value;
    let always = [median, min, max].map(Some);
    let cells = always
        .into_iter()
        .chain([figure.p50_ns, figure.p99_ns, figure.calls_per_s]);
    let cells: Vec<String> = cells
        .map(|cell| cell.map_or_else(|| "–".to_owned(), short))
        .collect();
    cells.join(" | ")
}

/// Three digits, with a letter for thousands and so on.
pub(super) fn short(value: f64) -> String {
    let (scaled, letter) = match value.abs() {
        size if size >= 1e9 => (value / 1e9, " G"),
        size if size >= 1e6 => (value / 1e6, " M"),
        size if size >= 1e4 => (value / 1e3, " k"),
        _ => (value, ""),
    };
    let digits = match scaled.abs() {
        size if size >= 100.0 => 0,
        size if size >= 10.0 => 1,
        size if size >= 0.1 || size == 0.0 => 2,
        _ => 5,
    };
    format!("{scaled:.digits$}{letter}")
}

#[cfg(test)]
mod tests {
    use super::super::figures::tests::outcome;
    use super::super::whole::tests::about;
    use super::*;

    #[test]
    fn tables_have_what_was_measured() {
        let outcome = outcome();
        let text = text(&Report::of(about(), &outcome));
        for expected in [
            "| tiny_call/floor | at most 2.2 | 2.00 | yes |",
            "| tiny_call/floor | 2.00 | 2.00 | 2.00 |",
            "| ring | 225 | 150 | 300 | 240 | 255 | 5.00 M |",
            "Not measured: mpservice (not installed).",
            "Failed: round 1, tiny_call, tcp: gone.",
            "Warning: the machine was busy (load 1.5)",
        ] {
            assert!(text.contains(expected), "no `{expected}` in\n{text}");
        }
        let ring = text.find("| ring | 225").unwrap();
        assert!(
            text.find("| floor | 112").unwrap() < ring,
            "the fastest first"
        );
    }

    #[test]
    fn numbers_are_short() {
        let cases = [
            (0.0, "0.00"),
            (0.01234, "0.01234"),
            (2.2, "2.20"),
            (71.25, "71.2"),
            (9_999.0, "9999"),
            (43_210.0, "43.2 k"),
            (163e6, "163 M"),
            (2.5e9, "2.50 G"),
        ];
        for (value, expected) in cases {
            assert_eq!(short(value), expected);
        }
    }
}
