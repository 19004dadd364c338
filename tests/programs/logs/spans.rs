//! Events of `tracing`, with their fields and their spans.

use std::fmt;
use std::sync::Mutex;

use log::LevelFilter;
use shared_runtime::{Process, task};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::filter::LevelFilter as Wanted;
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;

use super::{root, seen};

type Fields = Vec<(String, String)>;

#[derive(Clone, Debug)]
struct Happened {
    metadata: &'static Metadata<'static>,
    fields: Fields,
    /// The outermost first.
    spans: Vec<(&'static Metadata<'static>, Fields)>,
}

static HAPPENED: Mutex<Vec<Happened>> = Mutex::new(Vec::new());

/// A layer that keeps what it gets.
struct Keep;

#[derive(Default)]
struct Gather(Fields);

impl Visit for Gather {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0.push((field.name().to_owned(), format!("{value:?}")));
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Keep {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut gather = Gather::default();
        attributes.record(&mut gather);
        context.span(id).unwrap().extensions_mut().insert(gather.0);
    }

    fn on_record(&self, _id: &Id, _values: &Record<'_>, _context: Context<'_, S>) {
        unreachable!("a span comes with all it has");
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut gather = Gather::default();
        event.record(&mut gather);
        let scope = context.event_scope(event).into_iter();
        let spans = scope.flat_map(tracing_subscriber::registry::Scope::from_root);
        let fields = |span: &tracing_subscriber::registry::SpanRef<'_, S>| {
            span.extensions().get::<Fields>().unwrap().clone()
        };
        HAPPENED.lock().unwrap().push(Happened {
            metadata: event.metadata(),
            fields: gather.0,
            spans: spans.map(|span| (span.metadata(), fields(&span))).collect(),
        });
    }
}

/// The lines of the spans and of the event in the inner one.
const LINES: [u32; 3] = [line!() + 4, line!() + 6, line!() + 9];

#[task]
fn trace() {
    let outer = tracing::info_span!(target: "wood", "felling", tree = "oak", rings = 0u32);
    outer.in_scope(|| {
        let inner = tracing::warn_span!("sawing", who = ?Some("Tom"), left = tracing::field::Empty);
        inner.record("left", 0.5);
        inner
            .in_scope(|| tracing::error!(name = "saw", broken = true, cost = -3, "it {}", "broke"));
        tracing::info!(parent: None, "alone");
    });
    outer.record("rings", 120u32);
    outer.in_scope(|| tracing::info!("fell"));
    let elsewhere = std::thread::spawn(move || tracing::info!(parent: &outer, "elsewhere"));
    elsewhere.join().unwrap();
    tracing::debug!("unwanted");
    log::info!("of log");
}

fn spawn() -> u32 {
    let process = Process::builder()
        .name("lumberjack")
        .spawn(trace::call())
        .unwrap();
    let pid = process.pid();
    process.join().unwrap();
    pid
}

fn pairs(fields: &Fields) -> Vec<(&str, &str)> {
    fields
        .iter()
        .map(|(name, value)| (&**name, &**value))
        .collect()
}

/// Events have their own places, levels and fields, in spans that have theirs; where they come from, as fields.
pub(crate) fn events() {
    root(LevelFilter::Info);
    let subscriber = tracing_subscriber::registry().with(Keep.with_filter(Wanted::INFO));
    tracing::subscriber::set_global_default(subscriber).unwrap();
    let pid = spawn().to_string();
    let happened = HAPPENED.lock().unwrap().clone();
    let texts: Vec<&str> = happened.iter().map(|event| &*event.fields[0].1).collect();
    assert_eq!(texts, ["it broke", "alone", "fell", "elsewhere"]);

    let broke = &happened[0];
    let metadata = broke.metadata;
    assert_eq!(
        (*metadata.level(), metadata.target()),
        (Level::ERROR, module_path!())
    );
    assert_eq!(
        (metadata.file(), metadata.line()),
        (Some(file!()), Some(LINES[2]))
    );
    assert_eq!(metadata.module_path(), Some(module_path!()));
    let fields = pairs(&broke.fields);
    let own = [
        ("message", "it broke"),
        ("name", "\"saw\""),
        ("broken", "true"),
        ("cost", "-3"),
    ];
    assert_eq!(fields[..4], own);
    let origin = [
        ("process", "\"lumberjack\""),
        ("pid", &*pid),
        ("thread", "\"main\""),
    ];
    assert_eq!(fields[4..7], origin);
    assert_eq!((fields[7].0, fields.len()), ("time", 8));

    let [(outer, of_outer), (inner, of_inner)] = &broke.spans[..] else {
        panic!("{broke:?}");
    };
    assert_eq!(
        (outer.name(), outer.target(), *outer.level()),
        ("felling", "wood", Level::INFO)
    );
    assert_eq!(
        (inner.name(), inner.target(), *inner.level()),
        ("sawing", module_path!(), Level::WARN)
    );
    assert_eq!(
        [outer.line(), inner.line()],
        [Some(LINES[0]), Some(LINES[1])]
    );
    assert_eq!(pairs(of_outer), [("tree", "\"oak\""), ("rings", "0")]);
    assert_eq!(pairs(of_inner), [("who", "Some(\"Tom\")"), ("left", "0.5")]);

    assert!(happened[1].spans.is_empty());
    for later in &happened[2..] {
        let [(_, fields)] = &later.spans[..] else {
            panic!("{later:?}");
        };
        assert_eq!(pairs(fields), [("tree", "\"oak\""), ("rings", "120")]);
    }
    assert_eq!(super::texts(), ["of log"]);
    spawn();
    let again = &HAPPENED.lock().unwrap()[4];
    assert!(
        std::ptr::eq(again.metadata, metadata),
        "a place is made once"
    );
    println!("checked");
}

/// Without a subscriber they are records, with their fields and spans as key-values.
pub(crate) fn as_records() {
    root(LevelFilter::Info);
    spawn();
    let seen = seen().clone();
    let texts: Vec<&str> = seen.iter().map(|record| &*record.text).collect();
    assert_eq!(texts, ["it broke", "alone", "fell", "elsewhere", "of log"]);
    let broke = &seen[0];
    assert_eq!(
        (broke.level, broke.line),
        (log::Level::Error, Some(LINES[2]))
    );
    assert_eq!(broke.origin.process(), "lumberjack");
    assert_eq!(
        (&*broke.values["name"], &*broke.values["cost"]),
        ("saw", "-3")
    );
    let spans = "felling{tree=oak rings=0}:sawing{who=Some(\"Tom\") left=0.5}";
    assert_eq!(broke.values["spans"], spans);
    assert!(!seen[1].values.contains_key("spans"));
    println!("checked");
}
