//! The examples, run as their heads say; what they print is what the guide shows.

use super::leftovers::NothingLeft;
use super::programs::{built, run};

fn printed(example: &str) -> String {
    let output = run(&built("examples", example), &[]);
    let said = String::from_utf8(output.stdout).unwrap();
    let complained = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}{complained}");
    assert_eq!(complained, "");
    without_pids(&said)
}

/// Every process id as `N`.
fn without_pids(text: &str) -> String {
    let mut parts = text.split_inclusive(['(', ' ']);
    let mut result = String::new();
    while let Some(part) = parts.next() {
        result.push_str(part);
        if part.ends_with("pid ") || part.ends_with("process ") {
            let number = parts.next().unwrap_or_default();
            result.push('N');
            result.push_str(number.trim_start_matches(|c: char| c.is_ascii_digit()));
        }
    }
    result
}

#[test]
fn a_server_calls_back_into_its_client() {
    let _nothing_left = NothingLeft::watch();
    let expected = "searcher (pid N): 1 of 4\nsearcher (pid N): 2 of 4\nsearcher (pid N): 3 of 4\n\
        searcher (pid N): 4 of 4\n17984 primes\n";
    assert_eq!(printed("callback"), expected);
}

#[test]
fn objects_come_back_alive_inside_of_data() {
    let _nothing_left = NothingLeft::watch();
    let expected =
        "the server hosts 2 objects\nTom likes soccer and swimming\nin the UK: ARM, Shell, BP\n";
    assert_eq!(printed("live_data"), expected);
}

#[test]
fn a_plugin_is_another_executable_and_may_be_killed() {
    let _nothing_left = NothingLeft::watch();
    let expected = "host: filters are upper, quote\nhost: “HELLO, PLUGINS” (process N)\n\
        host: without upper from now on (Disconnected)\nhost: without quote from now on (Disconnected)\n\
        host: hello, nobody\nhost: filters are [], and the host goes on\n";
    assert_eq!(printed("plugin_host"), expected);
}

#[test]
fn one_thread_asks_three_servers_at_once() {
    let _nothing_left = NothingLeft::watch();
    let expected = "20 words on 3 shelves\nsea: Old Man and the Sea, The Sea Wolf\nwolf: The Sea Wolf, Wolf Hall\n\
        old: Old Man and the Sea, The Old Curiosity Shop\n";
    assert_eq!(printed("async_client"), expected);
}
