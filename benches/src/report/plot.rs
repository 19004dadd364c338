//! The report as a picture: for each case of calls, everybody's time on one logarithmic scale, as a point between least and most.

use std::fmt::Write;

use super::figures::Figure;
use super::markdown::short;
use super::whole::Report;
use crate::cases::CASES;
use crate::contenders::is_ours;
use crate::stats::number;

const LEFT: f64 = 150.0;
const DECADE: f64 = 90.0;
/// From a nanosecond to ten seconds.
const DECADES: u32 = 10;
const ROW: f64 = 16.0;
const TITLE: f64 = 30.0;
const WIDTH: f64 = LEFT + 10.0 * DECADE + 90.0;
const UNITS: [&str; 11] = [
    "1 ns", "10 ns", "100 ns", "1 µs", "10 µs", "100 µs", "1 ms", "10 ms", "100 ms", "1 s", "10 s",
];

pub(super) fn text(report: &Report) -> String {
    let mut picture = Picture::default();
    for case in CASES.iter().filter(|case| case.unit().is_none()) {
        if let Some(all) = report.figures.get(case.name) {
            picture.case(
                case.name,
                all.iter().map(|(name, figure)| (*name, figure)).collect(),
            );
        }
    }
    picture.whole(&report.about.machine.commit)
}

/// What is drawn so far, and how far down it goes.
#[derive(Default)]
struct Picture {
    body: String,
    height: f64,
}

impl Picture {
    fn case(&mut self, name: &str, mut all: Vec<(&str, &Figure)>) {
        all.sort_by(|(_, a), (_, b)| a.value.median.total_cmp(&b.value.median));
        self.height += TITLE;
        let height = self.height;
        self.draw(format_args!(
            r#"<text x="8" y="{:.0}" class="case">{name}</text>"#,
            height - 4.0
        ));
        for (contender, figure) in all {
            self.row(contender, figure);
        }
    }

    fn row(&mut self, contender: &str, figure: &Figure) {
        self.height += ROW;
        let (y, value) = (self.height, figure.value);
        let [least, most, middle] = [value.min, value.max, value.median].map(x);
        let class = if is_ours(contender) { "ours" } else { "theirs" };
        let label = LEFT - 8.0;
        self.draw(format_args!(
            r#"<text x="{label}" y="{:.0}" class="name">{contender}</text>"#,
            y + 4.0
        ));
        self.draw(format_args!(
            r#"<path d="M{least:.1} {y}H{most:.1}" class="{class}"/>"#
        ));
        self.draw(format_args!(
            r#"<circle cx="{middle:.1}" cy="{y}" r="4" class="{class}"/>"#
        ));
        let text = short(value.median);
        self.draw(format_args!(
            r#"<text x="{:.1}" y="{:.0}">{text} ns</text>"#,
            most + 8.0,
            y + 4.0
        ));
    }

    fn draw(&mut self, element: std::fmt::Arguments) {
        // Writing to a text cannot fail.
        let _ = writeln!(self.body, "{element}");
    }

    /// With the scale behind it.
    fn whole(mut self, commit: &str) -> String {
        let (bottom, drawn) = (self.height + 12.0, std::mem::take(&mut self.body));
        for (decade, unit) in (0..=DECADES).zip(UNITS) {
            let at = LEFT + f64::from(decade) * DECADE;
            self.draw(format_args!(
                r#"<path d="M{at} 12V{bottom:.0}" class="scale"/>"#
            ));
            self.draw(format_args!(
                r#"<text x="{at}" y="{:.0}" class="unit">{unit}</text>"#,
                bottom + 14.0
            ));
        }
        let height = bottom + 36.0;
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height:.0}\">\n{STYLE}\n\
             <rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n{}{drawn}\
             <text x=\"8\" y=\"{:.0}\">time of a call, median of all rounds between least and most; commit {commit}</text>\n</svg>\n",
            self.body,
            bottom + 30.0,
        )
    }
}

const STYLE: &str = "<style>text{font:12px sans-serif}.case{font-weight:bold}.name{text-anchor:end}.unit{text-anchor:middle}\
                     .scale{stroke:#ddd}.ours{stroke:#c30;fill:#c30;stroke-width:2}.theirs{stroke:#357;fill:#357;stroke-width:2}</style>";

/// Where a time stands on the scale.
fn x(nanoseconds: f64) -> f64 {
    LEFT + nanoseconds.log10().clamp(0.0, number(DECADES.into())) * DECADE
}

#[cfg(test)]
mod tests {
    use super::super::figures::tests::outcome;
    use super::super::whole::tests::about;
    use super::*;

    #[test]
    fn everybody_has_a_point() {
        let outcome = outcome();
        let svg = text(&Report::of(about(), &outcome));
        assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>\n"));
        assert_eq!(svg.matches("<circle").count(), 3);
        assert_eq!(svg.matches(r#"class="ours"/>"#).count(), 4);
        for name in ["tiny_call", "ring", "channel", "floor"] {
            assert!(svg.contains(&format!(">{name}</text>")), "{name}");
        }
        assert_eq!(svg.matches("<text").count(), svg.matches("</text>").count());
    }

    #[test]
    fn the_scale_is_logarithmic() {
        assert!((x(1.0) - LEFT).abs() < 1e-9);
        assert!((x(1000.0) - LEFT - 3.0 * DECADE).abs() < 1e-9);
        assert!((x(0.0) - LEFT).abs() < 1e-9, "nothing is left of the scale");
    }
}
