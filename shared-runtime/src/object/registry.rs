//! The object table: which objects live, and how many leases each session has of each. No user code runs under its lock.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::hosted::{Hosted, Kind, Object};

/// One client process at this server, for as long as it is connected. Never used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SessionId(pub(crate) u64);

/// This process as a holder of its own objects.
pub(crate) const LOCAL: SessionId = SessionId(0);

/// The objects of this process.
pub(crate) static REGISTRY: Registry = Registry(Mutex::new(None));

/// Leases are counted, not marked: a reply that carries an object may cross the release of an earlier handle to it, and a
/// set would lose the later of the two.
#[derive(Debug)]
pub(crate) struct Registry(Mutex<Option<Tables>>);

#[derive(Debug, Default)]
struct Tables {
    /// Ids count up and are never reused.
    last_id: u64,
    objects: HashMap<u64, Entry>,
    sessions: HashMap<SessionId, HashMap<u64, u64>>,
}

/// Sessions with their numbers of leases.
pub(crate) type Holders = Vec<(SessionId, u64)>;

#[derive(Debug)]
struct Entry {
    hosted: Arc<Hosted>,
    /// The leases of all sessions together.
    leases: u64,
}

impl Registry {
    /// Hosts a value, with one lease for this process.
    pub(crate) fn insert(
        &self,
        kind: &'static dyn Kind,
        locked: bool,
        value: Box<Object>,
    ) -> Arc<Hosted> {
        self.with(|tables| {
            tables.last_id += 1;
            let id = tables.last_id;
            let hosted = Arc::new(Hosted::new(id, kind, locked, value));
            tables.objects.insert(
                id,
                Entry {
                    hosted: Arc::clone(&hosted),
                    leases: 1,
                },
            );
            tables.sessions.entry(LOCAL).or_default().insert(id, 1);
            hosted
        })
    }

    /// The object, if it lives.
    pub(crate) fn get(&self, object: u64) -> Option<Arc<Hosted>> {
        self.with(|tables| {
            tables
                .objects
                .get(&object)
                .map(|entry| Arc::clone(&entry.hosted))
        })
    }

    /// Lets a session hold leases, until [`end_session`](Registry::end_session).
    pub(crate) fn open_session(&self, session: SessionId) {
        self.with(|tables| {
            tables.sessions.entry(session).or_default();
        });
    }

    /// Gives `session` one more lease; `None` if the object is gone, or the session has ended: a reply that a method was
    /// still writing then must not leave a lease that nobody will give back.
    pub(crate) fn lease(&self, object: u64, session: SessionId) -> Option<Arc<Hosted>> {
        self.with(|tables| {
            let held = tables.sessions.get_mut(&session)?;
            let entry = tables.objects.get_mut(&object)?;
            entry.leases += 1;
            *held.entry(object).or_default() += 1;
            Some(Arc::clone(&entry.hosted))
        })
    }

    /// Takes `count` leases from `session`, or as many as it has.
    pub(crate) fn release(&self, object: u64, session: SessionId, count: u64) {
        // The object, if this was its last lease, is dropped after the lock.
        let _freed = self.with(|tables| {
            let held = tables.sessions.get_mut(&session)?;
            let leases = held.get_mut(&object)?;
            let given_back = count.min(*leases);
            *leases -= given_back;
            if *leases == 0 {
                held.remove(&object);
            }
            tables.give_back(object, given_back)
        });
    }

    /// Gives back whatever `session` holds.
    pub(crate) fn end_session(&self, session: SessionId) {
        let _freed: Vec<Arc<Hosted>> = self.with(|tables| {
            let held = tables.sessions.remove(&session).unwrap_or_default();
            held.into_iter()
                .filter_map(|(object, leases)| tables.give_back(object, leases))
                .collect()
        });
    }

    /// Gives up every object, for the end of a server.
    pub(crate) fn clear(&self) {
        let _freed = self.with(|tables| {
            tables.sessions.clear();
            let objects = std::mem::take(&mut tables.objects);
            for entry in objects.values() {
                entry.hosted.unlist();
            }
            objects
        });
    }

    pub(crate) fn len(&self) -> usize {
        self.with(|tables| tables.objects.len())
    }

    /// Every object with the leases of each session that holds it, in order of creation.
    pub(crate) fn list(&self) -> Vec<(Arc<Hosted>, Holders)> {
        self.with(|tables| {
            let mut holders: HashMap<u64, Holders> = HashMap::new();
            for (session, held) in &tables.sessions {
                for (object, leases) in held {
                    holders
                        .entry(*object)
                        .or_default()
                        .push((*session, *leases));
                }
            }
            let mut list: Vec<_> = tables
                .objects
                .iter()
                .map(|(id, entry)| {
                    (
                        Arc::clone(&entry.hosted),
                        holders.remove(id).unwrap_or_default(),
                    )
                })
                .collect();
            list.sort_by_key(|(hosted, _)| hosted.id());
            list
        })
    }

    fn with<R>(&self, change: impl FnOnce(&mut Tables) -> R) -> R {
        let mut tables: MutexGuard<'_, Option<Tables>> =
            self.0.lock().unwrap_or_else(PoisonError::into_inner);
        change(tables.get_or_insert_default())
    }
}

impl Tables {
    /// The object, if no lease of it is left.
    fn give_back(&mut self, object: u64, count: u64) -> Option<Arc<Hosted>> {
        let entry = self.objects.get_mut(&object)?;
        entry.leases = entry.leases.saturating_sub(count);
        if entry.leases > 0 {
            return None;
        }
        let freed = self.objects.remove(&object)?.hosted;
        freed.unlist();
        Some(freed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLIENT: SessionId = SessionId(1);

    struct Test;

    impl Kind for Test {
        fn type_name(&self) -> &'static str {
            "test"
        }
    }

    fn with_one() -> (Registry, u64) {
        let registry = Registry(Mutex::new(None));
        let id = registry.insert(&Test, true, Box::new(())).id();
        (registry, id)
    }

    #[test]
    fn an_object_lives_as_long_as_any_lease() {
        let (registry, id) = with_one();
        registry.open_session(CLIENT);
        assert!(registry.lease(id, CLIENT).is_some());
        registry.release(id, LOCAL, 1);
        assert!(registry.get(id).is_some());
        registry.release(id, CLIENT, 1);
        assert!(registry.get(id).is_none());
    }

    /// The reply that carried the second lease crossed the release of the first.
    #[test]
    fn leases_are_counted() {
        let (registry, id) = with_one();
        registry.open_session(CLIENT);
        registry.lease(id, CLIENT);
        registry.lease(id, CLIENT);
        registry.release(id, LOCAL, 1);
        registry.release(id, CLIENT, 1);
        assert!(registry.get(id).is_some());
    }

    #[test]
    fn nobody_can_give_back_more_than_they_have() {
        let (registry, id) = with_one();
        registry.open_session(CLIENT);
        registry.lease(id, CLIENT);
        registry.release(id, CLIENT, 1000);
        registry.release(id, SessionId(2), 1000);
        assert!(registry.get(id).is_some(), "this process still holds it");
    }

    #[test]
    fn a_session_that_has_ended_gets_no_lease() {
        let (registry, id) = with_one();
        registry.open_session(CLIENT);
        registry.lease(id, CLIENT);
        registry.end_session(CLIENT);
        assert!(registry.lease(id, CLIENT).is_none());
        registry.release(id, LOCAL, 1);
        assert_eq!(registry.len(), 0);
    }

    #[test]
    fn ids_are_never_used_again() {
        let (registry, first) = with_one();
        registry.release(first, LOCAL, 1);
        let second = registry.insert(&Test, true, Box::new(())).id();
        assert!(second > first);
        assert!(registry.get(first).is_none());
    }
}
