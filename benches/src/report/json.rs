//! The report as JSON: all of it, samples and all. Its form is for programs, and stays.

use super::whole::Report;
use crate::contender::Result;

pub(super) fn text(report: &Report) -> Result<String> {
    Ok(serde_json::to_string(report)? + "\n")
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::super::figures::tests::outcome;
    use super::super::whole::tests::about;
    use super::*;

    #[test]
    fn programs_find_what_they_look_for() {
        let outcome = outcome();
        let report = Report::of(about(), &outcome);
        let json: Value = serde_json::from_str(&text(&report).unwrap()).unwrap();
        for member in ["median", "min", "max"] {
            assert_eq!(json["ratios"]["tiny_call/floor"][member], 2.0);
        }
        let ring = &json["figures"]["tiny_call"]["ring"];
        assert_eq!(ring["median"], 225.0);
        assert_eq!(ring["p50_ns"], 240.0);
        assert!(ring["calls_per_s"].is_f64());
        assert_eq!(ring["rounds"][0]["value"], 150.0);
        let expected = serde_json::json!([[160, 1], [170, 1]]);
        assert_eq!(ring["rounds"][0]["timed"], expected);
        assert_eq!(json["mode"], "quick");
        assert_eq!(json["machine"]["commit"], "c0ffee");
        assert_eq!(json["versions"]["shared-runtime"], "0.1.0");
        assert_eq!(json["skipped"]["mpservice"], "not installed");
        assert_eq!(json["failures"][0], "round 1, tiny_call, tcp: gone");
        assert_eq!(json["goals"][0]["name"], "tiny_call/floor");
    }
}
