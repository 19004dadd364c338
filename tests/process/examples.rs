//! The examples, run as their heads say; what they print is what the guide shows.

use std::process::Command;

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
    let expected = "the server hosts 3 objects\nTom likes soccer and swimming\nin the UK: ARM, Shell, BP\n\
        the memory begins with [0, 0, 0, 8, 0]\nand there are 80 bytes more\n";
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

/// The line of the example that ends with `mark`, as errors name it.
fn place(mark: &str) -> String {
    let mut lines = include_str!("../../examples/errors.rs").lines();
    let line = lines.position(|line| line.ends_with(mark)).unwrap() + 1;
    format!("  at examples/errors.rs:{line}:")
}

#[test]
fn an_error_raised_at_the_end_tells_where_it_happened_and_every_hop() {
    let _nothing_left = NothingLeft::watch();
    let output = Command::new(built("examples", "errors"))
        .env_remove("RUST_BACKTRACE")
        .env_remove("RUST_LIB_BACKTRACE")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let expected = "errors as values:\n1: 2\n3: 4\na: invalid digit found in string\n5: 6\n\
        through a worker, and raised:\n1: 2\n3: 4\n";
    assert_eq!(String::from_utf8(output.stdout).unwrap(), expected);

    let complaint = without_pids(&String::from_utf8(output.stderr).unwrap());
    let lines: Vec<&str> = complaint.lines().collect();
    let chain = [
        "Error: one of the sums is missing",
        "  caused by: adding one to a",
        "  caused by: invalid digit found in string",
    ];
    assert_eq!(lines[..3], chain, "{complaint}");
    let hops = [
        ("// here it happens", "increment"),
        ("// the worker passes it on", "worker"),
        ("// raised", "errors"),
    ];
    for (line, (mark, process)) in lines[3..].iter().zip(hops) {
        assert!(line.starts_with(&place(mark)), "{mark}: {complaint}");
        let label = format!(" in {process} (pid N)");
        assert!(line.ends_with(&label), "{process}: {complaint}");
    }
    let type_name = std::any::type_name::<std::num::ParseIntError>();
    assert_eq!(lines[6..], [format!("  type: {type_name}")], "{complaint}");
}

#[test]
fn an_error_brings_the_frames_of_the_innermost_process_when_they_are_asked_for() {
    let _nothing_left = NothingLeft::watch();
    let output = Command::new(built("examples", "errors"))
        .env("RUST_BACKTRACE", "1")
        .output()
        .unwrap();
    let complaint = String::from_utf8(output.stderr).unwrap();
    let (_, frames) = complaint.split_once("\nbacktrace:\n").unwrap();
    assert!(frames.contains("increment"), "{complaint}");
    let first = frames.lines().next().unwrap();
    assert!(first.ends_with("errors::add_one"), "{complaint}");
    assert!(!frames.contains("worker"), "{complaint}");
}

/// What stands between brackets at the start of a line is a time: the same shape with other digits.
fn without_times(text: &str) -> String {
    let line = |line: &str| match line.split_once("Z; ") {
        Some((time, rest)) => format!(
            "{}Z; {rest}\n",
            time.replace(|c: char| c.is_ascii_digit(), "0")
        ),
        None => format!("{line}\n"),
    };
    text.lines().map(line).collect()
}

#[test]
fn the_log_script_prints_what_the_guide_shows() {
    let _nothing_left = NothingLeft::watch();
    let page = include_str!("../../book/src/logging.md");
    let (_, shown) = page.split_once("```text\n").unwrap();
    let (shown, _) = shown.split_once("```").unwrap();
    assert_eq!(without_times(&printed("logs")), without_times(shown));
    assert_eq!(
        without_times(shown)
            .matches("[0000-00-00T00:00:00.000000Z; ")
            .count(),
        8
    );
}

#[test]
fn one_thread_asks_three_servers_at_once() {
    let _nothing_left = NothingLeft::watch();
    let expected = "20 words on 3 shelves\nsea: Old Man and the Sea, The Sea Wolf\nwolf: The Sea Wolf, Wolf Hall\n\
        old: Old Man and the Sea, The Old Curiosity Shop\n";
    assert_eq!(printed("async_client"), expected);
}

#[test]
fn what_the_macro_writes_runs_as_it_is_shown() {
    let _nothing_left = NothingLeft::watch();
    assert_eq!(printed("counter_expanded"), "42 in server-1\n");
}

#[test]
fn code_that_uses_a_trait_cannot_tell_where_the_object_is() {
    let _nothing_left = NothingLeft::watch();
    let used = |what| format!("{what}: the old old tree; no translation of `Zaun`\n");
    let expected = [
        used("a value"),
        used("an object of the library"),
        "the library looked 5 words up\n".to_owned(),
        used("a value that asks the library"),
        // Four words, of which one is there twice, and one that is missing.
        "the library looked 9 words up\n".to_owned(),
        "tree of this process\nwithout the library: true\nremembered: tree\n".to_owned(),
    ];
    assert_eq!(printed("dictionary"), expected.concat());
}

/// One of the files is no text, which is said, and nothing else fails.
#[test]
fn a_pool_takes_files_through_two_stages() {
    let _nothing_left = NothingLeft::watch();
    let folder = std::env::temp_dir().join(format!("shared-keywords-{}", std::process::id()));
    std::fs::create_dir(&folder).unwrap();
    let texts: [(&str, &[u8]); 4] = [
        (
            "trees.txt",
            b"Oaks and elms: oaks grow slowly, with oaks around, elms faster.",
        ),
        (
            "ships.txt",
            b"Ships carry sails, and sails need wind; ships need harbours, with wind.",
        ),
        ("noise.bin", b"\xff\xfe\xff"),
        (
            "rivers.txt",
            b"Rivers need rain; rivers carry ships, with rain.",
        ),
    ];
    let files = texts.map(|(name, text)| {
        let file = folder.join(name);
        std::fs::write(&file, text).unwrap();
        file.display().to_string()
    });
    let files: Vec<&str> = files.iter().map(String::as_str).collect();
    let output = run(&built("examples", "keywords"), &files);
    std::fs::remove_dir_all(&folder).unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{said}");
    let logged = String::from_utf8(output.stderr).unwrap();
    assert_eq!(logged.lines().count(), 3, "{logged}");
    assert!(logged.contains("trees.txt: 7 words"), "{logged}");
    let lines: Vec<&str> = said.lines().collect();
    assert!(
        lines[0].starts_with("left out: ") && lines[0].contains("noise.bin"),
        "{said}"
    );
    let expected = [
        "trees.txt: oaks, elms, around",
        "ships.txt: sails, wind, harbours",
        "rivers.txt: rain, rivers",
        "7 jobs, 1 failed",
    ];
    for (line, expected) in lines[1..].iter().zip(expected) {
        assert!(line.starts_with(expected), "{said}");
    }
}

/// Every process has drawn rows, together all of them, and there is a picture of that size.
#[test]
fn several_processes_draw_one_picture() {
    let _nothing_left = NothingLeft::watch();
    let file = format!("shared-mandelbrot-{}.png", std::process::id());
    let file = std::env::temp_dir().join(file);
    let output = run(&built("examples", "mandelbrot"), &[file.to_str().unwrap()]);
    let said = String::from_utf8(output.stdout).unwrap();
    let complained = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}{complained}");
    let reader = std::io::BufReader::new(std::fs::File::open(&file).unwrap());
    let mut reader = png::Decoder::new(reader).read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut pixels).unwrap();
    std::fs::remove_file(&file).unwrap();
    assert_eq!((info.width, info.height), (900, 600));
    let light = pixels
        .chunks(900 * 3)
        .filter(|row| row.iter().any(|part| *part > 100));
    assert_eq!(light.count(), 600, "no row is missing");

    let number = |line: &str, at: usize| line.split(' ').nth(at)?.parse::<u32>().ok();
    let drawn = said.lines().filter(|line| line.contains(" drew "));
    let (pids, rows): (Vec<_>, Vec<_>) = drawn
        .map(|line| (number(line, 1).unwrap(), number(line, 3).unwrap()))
        .unzip();
    assert_eq!(rows.iter().sum::<u32>(), 600, "{said}");
    let several: std::collections::BTreeSet<_> = pids
        .iter()
        .zip(&rows)
        .filter(|(_, rows)| **rows > 0)
        .collect();
    assert!(pids.len() == 4 && several.len() > 1, "{said}");
}
