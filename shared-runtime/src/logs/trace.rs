//! The subscriber of `tracing` in a process that the runtime started: it sends events to the root, with the spans they happen in and the
//! fields of these.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tracing_core::field::{Field as Name, Visit};
use tracing_core::span::{Attributes, Current, Id, Record};
use tracing_core::{
    Dispatch, Event, Interest, Level, LevelFilter, Metadata, Subscriber, callsite, dispatcher,
};

use super::buffer;
use super::entry::{Entry, Maker, Span, shortened, this_thread};
use super::field::{Field, Scalar};
use super::levels::Levels;
use super::stamp::Stamp;

/// What the root wants.
static WANTED: AtomicU8 = AtomicU8::new(0);

static INSTALLED: AtomicBool = AtomicBool::new(false);

thread_local! {
    /// The spans that this thread is in.
    static ENTERED: RefCell<Vec<u64>> = const { RefCell::new(Vec::new()) };
}

/// Installs it, unless the process was faster. Whether it is there now.
pub(super) fn install() -> bool {
    let dispatch = Dispatch::new(Forwarder::default());
    let installed = dispatcher::set_global_default(dispatch).is_ok();
    INSTALLED.store(installed, Ordering::Release);
    installed
}

/// The levels of the root, where ours is the subscriber.
pub(super) fn follow(levels: Levels) {
    let new = WANTED.swap(levels.tracing, Ordering::AcqRel) != levels.tracing;
    if new && INSTALLED.load(Ordering::Acquire) {
        // What every place in the code remembers of what is wanted.
        callsite::rebuild_interest_cache();
    }
}

/// As in `log`: 1 is an error.
pub(super) fn number(level: Level) -> u8 {
    match level {
        Level::ERROR => 1,
        Level::WARN => 2,
        Level::INFO => 3,
        Level::DEBUG => 4,
        _ => 5,
    }
}

#[derive(Default)]
struct Forwarder {
    last: AtomicU64,
    spans: Mutex<HashMap<u64, Kept>>,
}

/// A span as long as somebody has it.
struct Kept {
    span: Arc<Span<'static>>,
    metadata: &'static Metadata<'static>,
    parent: Option<u64>,
    holders: usize,
}

impl Forwarder {
    fn spans(&self) -> MutexGuard<'_, HashMap<u64, Kept>> {
        self.spans.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The span that something new is in.
    fn parent(explicit: Option<&Id>, contextual: bool) -> Option<u64> {
        explicit
            .map(Id::into_u64)
            .or_else(|| if contextual { innermost() } else { None })
    }

    /// The spans around something in `parent`, the outermost first.
    fn around(&self, parent: Option<u64>) -> Vec<Span<'static>> {
        let mut found = Vec::new();
        let spans = self.spans();
        let mut next = parent;
        while let Some(kept) = next.and_then(|id| spans.get(&id)) {
            found.push(Arc::clone(&kept.span));
            next = kept.parent;
        }
        drop(spans);
        found.iter().rev().map(|span| (**span).clone()).collect()
    }

    /// Gives up one hold of a span, and what it held itself. Whether it is gone.
    fn let_go(&self, id: u64) -> bool {
        let mut spans = self.spans();
        let mut next = Some(id);
        let mut gone = false;
        while let Some(kept) = next.and_then(|id| spans.get_mut(&id)) {
            kept.holders -= 1;
            if kept.holders > 0 {
                break;
            }
            let parent = kept.parent;
            gone |= next == Some(id);
            next.map(|id| spans.remove(&id));
            next = parent;
        }
        gone
    }
}

fn innermost() -> Option<u64> {
    let last = ENTERED.try_with(|entered| entered.borrow().last().copied());
    last.ok().flatten()
}

impl Subscriber for Forwarder {
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        if self.enabled(metadata) {
            Interest::always()
        } else {
            Interest::never()
        }
    }

    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        number(*metadata.level()) <= WANTED.load(Ordering::Acquire)
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(match WANTED.load(Ordering::Acquire) {
            0 => LevelFilter::OFF,
            1 => LevelFilter::ERROR,
            2 => LevelFilter::WARN,
            3 => LevelFilter::INFO,
            4 => LevelFilter::DEBUG,
            _ => LevelFilter::TRACE,
        })
    }

    fn new_span(&self, attributes: &Attributes<'_>) -> Id {
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        let metadata = attributes.metadata();
        let parent = Self::parent(attributes.parent(), attributes.is_contextual());
        let kept = Kept {
            span: Arc::new(Span {
                name: metadata.name().into(),
                target: metadata.target().into(),
                level: number(*metadata.level()),
                module: metadata.module_path().map(Cow::Borrowed),
                file: metadata.file().map(Cow::Borrowed),
                line: metadata.line(),
                fields: fields.all(),
            }),
            metadata,
            parent,
            holders: 1,
        };
        let id = self.last.fetch_add(1, Ordering::Relaxed) + 1;
        let mut spans = self.spans();
        if let Some(parent) = parent.and_then(|parent| spans.get_mut(&parent)) {
            parent.holders += 1;
        }
        spans.insert(id, kept);
        Id::from_u64(id)
    }

    fn record(&self, id: &Id, values: &Record<'_>) {
        let mut fields = Fields::default();
        values.record(&mut fields);
        let mut spans = self.spans();
        let Some(kept) = spans.get_mut(&id.into_u64()) else {
            return;
        };
        let span = Arc::make_mut(&mut kept.span);
        for field in fields.all() {
            match span.fields.iter_mut().find(|old| old.name == field.name) {
                Some(old) => old.value = field.value,
                None => span.fields.push(field),
            }
        }
    }

    fn record_follows_from(&self, _span: &Id, _follows: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        let metadata = event.metadata();
        let parent = Self::parent(event.parent(), event.is_contextual());
        let entry = Entry {
            maker: Maker::Tracing,
            level: number(*metadata.level()),
            target: metadata.target(),
            message: shortened(Cow::Owned(fields.message)),
            module: metadata.module_path(),
            file: metadata.file(),
            line: metadata.line(),
            time: Stamp::now(),
            thread: this_thread(),
            fields: fields.others,
            spans: self.around(parent),
        };
        buffer::push(entry.encode());
    }

    fn enter(&self, span: &Id) {
        let _ = ENTERED.try_with(|entered| entered.borrow_mut().push(span.into_u64()));
    }

    fn exit(&self, span: &Id) {
        let _ = ENTERED.try_with(|entered| {
            let mut entered = entered.borrow_mut();
            // Usually the last; spans may also be left crosswise.
            if let Some(at) = entered.iter().rposition(|id| *id == span.into_u64()) {
                entered.remove(at);
            }
        });
    }

    fn clone_span(&self, id: &Id) -> Id {
        if let Some(kept) = self.spans().get_mut(&id.into_u64()) {
            kept.holders += 1;
        }
        id.clone()
    }

    fn try_close(&self, id: Id) -> bool {
        self.let_go(id.into_u64())
    }

    fn current_span(&self) -> Current {
        let Some(id) = innermost() else {
            return Current::none();
        };
        match self.spans().get(&id) {
            Some(kept) => Current::new(Id::from_u64(id), kept.metadata),
            None => Current::none(),
        }
    }
}

/// The values of an event or a span; the message apart.
#[derive(Default)]
struct Fields {
    message: String,
    others: Vec<Field<'static>>,
}

impl Fields {
    /// Of a span, whose message is a field like any other.
    fn all(mut self) -> Vec<Field<'static>> {
        if !self.message.is_empty() {
            let value = Scalar::Shown(Cow::Owned(self.message));
            let name = Cow::Borrowed("message");
            self.others.insert(0, Field { name, value });
        }
        self.others
    }

    fn add(&mut self, name: &Name, value: Scalar<'static>) {
        self.others.push(Field {
            name: Cow::Borrowed(name.name()),
            value,
        });
    }
}

impl Visit for Fields {
    fn record_debug(&mut self, name: &Name, value: &dyn fmt::Debug) {
        let text = format!("{value:?}");
        if name.name() == "message" {
            self.message = text;
        } else {
            self.add(name, Scalar::Shown(Cow::Owned(text)));
        }
    }

    fn record_str(&mut self, name: &Name, value: &str) {
        if name.name() == "message" {
            value.clone_into(&mut self.message);
        } else {
            self.add(name, Scalar::Text(Cow::Owned(value.to_owned())));
        }
    }

    fn record_error(&mut self, name: &Name, value: &(dyn std::error::Error + 'static)) {
        self.record_debug(name, &format_args!("{value}"));
    }

    fn record_bool(&mut self, name: &Name, value: bool) {
        self.add(name, Scalar::Bool(value));
    }

    fn record_i64(&mut self, name: &Name, value: i64) {
        self.add(name, Scalar::I64(value));
    }

    fn record_u64(&mut self, name: &Name, value: u64) {
        self.add(name, Scalar::U64(value));
    }

    fn record_i128(&mut self, name: &Name, value: i128) {
        self.add(name, Scalar::I128(value));
    }

    fn record_u128(&mut self, name: &Name, value: u128) {
        self.add(name, Scalar::U128(value));
    }

    fn record_f64(&mut self, name: &Name, value: f64) {
        self.add(name, Scalar::F64(value));
    }
}
