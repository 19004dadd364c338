//! The command line: what people ask for, and what processes of this executable are started to do.

use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use crate::cases::{CASES, Case};
use crate::contender::Result;
use crate::measure::Effort;

pub(crate) const USAGE: &str = "\
usage: shared-benches [--quick] [--json FILE] [--markdown FILE] [--plot FILE]
                      [--rounds N] [--cases NAME,…] [--contenders NAME,…]";

/// What this process is.
#[derive(Debug, PartialEq)]
pub(crate) enum Role {
    Report(Options),
    Measure {
        contender: String,
        case: String,
        effort: Effort,
    },
    Serve {
        contender: String,
        cpu: Option<usize>,
        address: String,
    },
    Burn(usize),
}

/// What people ask for.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Options {
    pub(crate) quick: bool,
    pub(crate) json: Option<PathBuf>,
    pub(crate) markdown: Option<PathBuf>,
    pub(crate) plot: Option<PathBuf>,
    pub(crate) rounds: Option<usize>,
    /// All if empty.
    pub(crate) cases: Vec<String>,
    pub(crate) contenders: Vec<String>,
}

impl Options {
    /// The cases asked for.
    ///
    /// # Errors
    ///
    /// If there is none of a name.
    pub(crate) fn cases(&self) -> Result<Vec<&'static Case>> {
        if self.cases.is_empty() {
            return Ok(CASES.iter().collect());
        }
        let named = self.cases.iter().map(|name| {
            Case::named(name).ok_or_else(|| {
                let known: Vec<&str> = CASES.iter().map(|case| case.name).collect();
                format!("no case {name}; there are {}", known.join(", ")).into()
            })
        });
        named.collect()
    }
}

pub(crate) fn parse(arguments: impl IntoIterator<Item = String>) -> Result<Role> {
    let mut rest = arguments.into_iter().peekable();
    let role = match rest.peek().map(String::as_str) {
        Some("--measure") => measure(rest.skip(1)),
        Some("--serve") => serve(rest.skip(1)),
        Some("--burn") => number(rest.nth(1), "--burn").map(Role::Burn),
        _ => options(rest).map(Role::Report),
    };
    role.map_err(|fault| format!("{fault}\n{USAGE}").into())
}

fn options(mut rest: impl Iterator<Item = String>) -> Result<Options> {
    let mut options = Options::default();
    while let Some(option) = rest.next() {
        let option = option.as_str();
        let mut value = || needed(rest.next(), option);
        match option {
            "--quick" => options.quick = true,
            "--json" => options.json = Some(value()?.into()),
            "--markdown" => options.markdown = Some(value()?.into()),
            "--plot" => options.plot = Some(value()?.into()),
            "--rounds" => options.rounds = Some(number(rest.next(), option)?),
            "--cases" => options.cases = list(&value()?),
            "--contenders" => options.contenders = list(&value()?),
            _ => return Err(format!("{option} is not known").into()),
        }
    }
    if options.rounds == Some(0) {
        return Err("--rounds: at least one".into());
    }
    Ok(options)
}

fn list(names: &str) -> Vec<String> {
    names.split(',').map(str::to_owned).collect()
}

fn measure(mut rest: impl Iterator<Item = String>) -> Result<Role> {
    Ok(Role::Measure {
        contender: needed(rest.next(), "--measure")?,
        case: needed(rest.next(), "--measure")?,
        effort: Effort {
            time: Duration::from_millis(number(rest.next(), "--measure")?),
            timed: number(rest.next(), "--measure")?,
        },
    })
}

fn serve(mut rest: impl Iterator<Item = String>) -> Result<Role> {
    Ok(Role::Serve {
        contender: needed(rest.next(), "--serve")?,
        cpu: needed(rest.next(), "--serve")?.parse().ok(),
        address: needed(rest.next(), "--serve")?,
    })
}

fn needed(value: Option<String>, option: &str) -> Result<String> {
    value.ok_or_else(|| format!("{option} needs a value").into())
}

fn number<N: FromStr>(value: Option<String>, option: &str) -> Result<N> {
    let value = needed(value, option)?;
    value
        .parse()
        .map_err(|_| format!("{option}: {value} is not a number").into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Role> {
        parse(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn options_are_understood() {
        let Role::Report(options) =
            parsed("--quick --json a.json --rounds 4 --cases pipelined").unwrap()
        else {
            panic!("a role of children");
        };
        assert!(options.quick);
        assert_eq!(options.json, Some("a.json".into()));
        assert_eq!(options.rounds, Some(4));
        assert_eq!(options.cases().unwrap()[0].name, "pipelined");
    }

    #[test]
    fn what_is_wrong_is_named() {
        let complaint = |line| parsed(line).unwrap_err().to_string();
        assert!(complaint("--fast").starts_with("--fast is not known"));
        assert!(complaint("--json").starts_with("--json needs a value"));
        assert!(complaint("--rounds x").starts_with("--rounds: x is not a number"));
        assert!(complaint("--rounds 0").contains("at least one"));
        let Role::Report(options) = parsed("--cases a,b").unwrap() else {
            panic!("a role of children");
        };
        let error = options.cases().unwrap_err().to_string();
        assert!(
            error.starts_with("no case a; there are tiny_call,"),
            "{error}"
        );
    }

    #[test]
    fn children_know_their_roles() {
        let role = parsed("--measure floor tiny_call 50 7").unwrap();
        let effort = Effort {
            time: Duration::from_millis(50),
            timed: 7,
        };
        let (contender, case) = ("floor".to_owned(), "tiny_call".to_owned());
        let expected = Role::Measure {
            contender,
            case,
            effort,
        };
        assert_eq!(role, expected);
        assert_eq!(parsed("--burn 1").unwrap(), Role::Burn(1));
        let arguments = ["--serve", "unix", "any", ""].map(str::to_owned);
        let Role::Serve { cpu: None, .. } = parse(arguments).unwrap() else {
            panic!("pinned");
        };
    }
}
