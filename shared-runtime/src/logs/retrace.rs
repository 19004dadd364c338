//! Events of other processes, given to the root's subscriber of `tracing` as if they had happened here: with their own names, places,
//! levels and fields, inside of their spans, and with where they come from as fields.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::{Mutex, OnceLock, PoisonError};

use tracing_core::field::{FieldSet, Value, display};
use tracing_core::span::{Attributes, Id};
use tracing_core::subscriber::NoSubscriber;
use tracing_core::{
    Callsite, Dispatch, Event, Interest, Kind, Level, LevelFilter, Metadata, callsite, dispatcher,
    identify_callsite,
};

use super::entry::{Entry, Span};
use super::field::{Field, Scalar};
use super::packet::Opened;

/// The most places that are remembered: more than there are in any program, fewer than fill the memory.
const MOST: usize = 10_000;

/// What the root's subscribers want, if there is one.
pub(super) fn wanted() -> Option<u8> {
    dispatcher::has_been_set().then(|| match LevelFilter::current() {
        LevelFilter::OFF => 0,
        LevelFilter::ERROR => 1,
        LevelFilter::WARN => 2,
        LevelFilter::INFO => 3,
        LevelFilter::DEBUG => 4,
        _ => 5,
    })
}

/// Gives an event to the subscriber; `false` if there is none.
pub(super) fn give(from: &Opened<'_>, entry: &Entry<'_>) -> bool {
    dispatcher::get_default(|dispatch| {
        !dispatch.is::<NoSubscriber>() && give_to(dispatch, from, entry)
    })
}

fn give_to(dispatch: &Dispatch, from: &Opened<'_>, entry: &Entry<'_>) -> bool {
    if level(entry.level) > LevelFilter::current() {
        return true;
    }
    let names = entry.fields.iter().map(|field| &*field.name);
    let place = Place {
        span: false,
        name: "event".into(),
        target: entry.target.into(),
        level: entry.level,
        module: entry.module.map(Into::into),
        file: entry.file.map(Into::into),
        line: entry.line,
        fields: ["message"]
            .into_iter()
            .chain(names)
            .chain(ORIGIN)
            .map(Into::into)
            .collect(),
    };
    let Some(metadata) = place.metadata() else {
        return false;
    };
    let within = Entered::new(dispatch, &entry.spans);
    if dispatch.enabled(metadata) {
        let message: Box<dyn Value + '_> = Box::new(display(&entry.message));
        let fields = entry.fields.iter().map(value);
        let values: Vec<_> = [message]
            .into_iter()
            .chain(fields)
            .chain(origin(from, entry))
            .collect();
        let values: Vec<_> = values.iter().map(|value| Some(&**value)).collect();
        let values = metadata.fields().value_set_all(&values);
        dispatch.event(&Event::new_child_of(within.innermost(), metadata, &values));
    }
    true
}

const ORIGIN: [&str; 4] = ["process", "pid", "thread", "time"];

fn origin<'a>(from: &'a Opened<'_>, entry: &'a Entry<'_>) -> [Box<dyn Value + 'a>; 4] {
    [
        Box::new(&*from.process),
        Box::new(from.pid),
        Box::new(&*entry.thread),
        Box::new(display(entry.time)),
    ]
}

fn value<'a>(field: &'a Field<'_>) -> Box<dyn Value + 'a> {
    match &field.value {
        Scalar::Null => Box::new(tracing_core::field::Empty),
        Scalar::Bool(it) => Box::new(*it),
        Scalar::I64(it) => Box::new(*it),
        Scalar::U64(it) => Box::new(*it),
        Scalar::I128(it) => Box::new(*it),
        Scalar::U128(it) => Box::new(*it),
        Scalar::F64(it) => Box::new(*it),
        Scalar::Text(it) => Box::new(&**it),
        Scalar::Shown(it) => Box::new(display(it)),
    }
}

fn level(number: u8) -> Level {
    match number {
        0 | 1 => Level::ERROR,
        2 => Level::WARN,
        3 => Level::INFO,
        4 => Level::DEBUG,
        _ => Level::TRACE,
    }
}

/// The spans of one event, made again and entered; left and closed with this.
struct Entered<'a> {
    dispatch: &'a Dispatch,
    spans: Vec<Id>,
}

impl<'a> Entered<'a> {
    fn new(dispatch: &'a Dispatch, spans: &[Span<'_>]) -> Self {
        let mut entered = Self {
            dispatch,
            spans: Vec::new(),
        };
        for span in spans {
            entered.enter(span);
        }
        entered
    }

    fn enter(&mut self, span: &Span<'_>) {
        let place = Place::of_span(span);
        let Some(metadata) = place.metadata().filter(|it| self.dispatch.enabled(it)) else {
            return;
        };
        let values: Vec<_> = span.fields.iter().map(value).collect();
        let values: Vec<_> = values.iter().map(|value| Some(&**value)).collect();
        let values = metadata.fields().value_set_all(&values);
        let attributes = match self.innermost() {
            Some(parent) => Attributes::child_of(parent, metadata, &values),
            None => Attributes::new_root(metadata, &values),
        };
        let id = self.dispatch.new_span(&attributes);
        self.dispatch.enter(&id);
        self.spans.push(id);
    }

    fn innermost(&self) -> Option<Id> {
        self.spans.last().cloned()
    }
}

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        while let Some(id) = self.spans.pop() {
            self.dispatch.exit(&id);
            self.dispatch.try_close(id);
        }
    }
}

/// A place in the code of another process. `tracing` wants each for ever, so it is made once.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Place {
    span: bool,
    name: String,
    target: String,
    level: u8,
    module: Option<String>,
    file: Option<String>,
    line: Option<u32>,
    fields: Vec<String>,
}

static PLACES: Mutex<Option<HashMap<Place, &'static Site>>> = Mutex::new(None);

impl Place {
    fn of_span(span: &Span<'_>) -> Self {
        let text = |text: &Option<Cow<'_, str>>| text.as_deref().map(str::to_owned);
        Self {
            span: true,
            name: span.name.clone().into_owned(),
            target: span.target.clone().into_owned(),
            level: span.level,
            module: text(&span.module),
            file: text(&span.file),
            line: span.line,
            fields: span
                .fields
                .iter()
                .map(|field| field.name.clone().into_owned())
                .collect(),
        }
    }

    /// As `tracing` knows it; `None` when there are too many.
    fn metadata(self) -> Option<&'static Metadata<'static>> {
        let mut places = PLACES.lock().unwrap_or_else(PoisonError::into_inner);
        let known = places.get_or_insert_default();
        if let Some(site) = known.get(&self) {
            return site.metadata.get();
        }
        if known.len() >= MOST {
            return None;
        }
        let site: &'static Site = Box::leak(Box::default());
        let metadata = site.metadata.get_or_init(|| self.clone().keep(site));
        known.insert(self, site);
        drop(places);
        // Filters look at it now: code of the user's, which may itself end up here.
        callsite::register(site);
        Some(metadata)
    }

    fn keep(self, site: &'static Site) -> Metadata<'static> {
        let fields: Vec<&'static str> = self.fields.into_iter().map(kept).collect();
        let kind = if self.span { Kind::SPAN } else { Kind::EVENT };
        Metadata::new(
            kept(self.name),
            kept(self.target),
            level(self.level),
            self.file.map(kept),
            self.line,
            self.module.map(kept),
            FieldSet::new(fields.leak(), identify_callsite!(site)),
            kind,
        )
    }
}

fn kept(text: String) -> &'static str {
    text.leak()
}

#[derive(Default)]
struct Site {
    metadata: OnceLock<Metadata<'static>>,
}

impl Callsite for Site {
    fn set_interest(&self, _interest: Interest) {}

    fn metadata(&self) -> &Metadata<'_> {
        self.metadata.get().expect("known before it is registered")
    }
}
