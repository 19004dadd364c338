//! What a call means: the object and the functions behind the interface. Each thread remembers what it found last, so that a call on
//! an object that it knows locks no table.

use std::cell::RefCell;
use std::sync::{Arc, Weak};

use super::implementation::Implementation;
use super::registry::implementation_of;
use crate::error::Error;
use crate::handle::gone;
use crate::object::{Hosted, REGISTRY};

/// An object of this process, and what runs when a method of the interface is called on it. Two words, so that they stay in
/// registers.
pub(crate) type Found = (Arc<Hosted>, &'static Implementation);

/// What this thread found before. It keeps no object alive, and ids are never used again: it is right as long as the
/// object is listed.
struct Remembered {
    object: u64,
    interface: u64,
    hosted: Weak<Hosted>,
    implementation: &'static Implementation,
}

/// How much a thread remembers.
const PLACES: usize = 32;

thread_local! {
    /// Each at the place that its numbers give it. Empty until something has been found.
    static REMEMBERED: RefCell<Vec<Option<Remembered>>> = const { RefCell::new(Vec::new()) };
}

/// Finds the object of this number, seen through the interface of this id.
///
/// # Errors
///
/// `Gone`, and `Unknown` if the object has no such interface.
#[inline]
pub(crate) fn find(object: u64, interface: u64) -> Result<Found, Error> {
    match remembered(object, interface) {
        Some(found) => Ok(found),
        None => look_up(object, interface),
    }
}

#[inline]
fn remembered(object: u64, interface: u64) -> Option<Found> {
    let found = REMEMBERED.try_with(|places| {
        let places = places.borrow();
        let place = places.get(place(object, interface))?.as_ref()?;
        if (place.object, place.interface) != (object, interface) {
            return None;
        }
        let hosted = place.hosted.upgrade()?;
        Some((hosted, place.implementation))
    });
    // An object that somebody still uses, but nobody holds, is gone.
    found
        .ok()
        .flatten()
        .filter(|(hosted, _)| hosted.is_listed())
}

#[cold]
fn look_up(object: u64, interface: u64) -> Result<Found, Error> {
    let hosted = REGISTRY.get(object).ok_or_else(gone)?;
    let implementation = implementation_of(&hosted, interface)?;
    let new = Remembered {
        object,
        interface,
        hosted: Arc::downgrade(&hosted),
        implementation,
    };
    // In the destructors of a thread that ends, nothing is remembered.
    let _ = REMEMBERED.try_with(|places| {
        let mut places = places.borrow_mut();
        places.resize_with(PLACES, || None);
        places[place(object, interface)] = Some(new);
    });
    Ok((hosted, implementation))
}

/// Objects count up, and the interfaces of one object differ in all bits.
#[inline]
fn place(object: u64, interface: u64) -> usize {
    usize::try_from((object ^ interface) % PLACES as u64).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::super::table::Interface;
    use super::*;
    use crate::error::ErrorKind;
    use crate::object::LOCAL;

    fn nothing() -> &'static Interface {
        const NOTHING: Interface = Interface::of::<()>();
        &NOTHING
    }

    static NOTHING: Implementation = Implementation::of::<()>(nothing);

    fn kind(found: Result<Found, Error>) -> ErrorKind {
        found.unwrap_err().kind()
    }

    #[test]
    fn what_a_thread_remembers_keeps_no_object() {
        let hosted = REGISTRY.insert(&NOTHING, true, Box::new(()));
        let (id, interface) = (hosted.id(), nothing().id());
        assert!(remembered(id, interface).is_none());
        assert!(Arc::ptr_eq(&find(id, interface).unwrap().0, &hosted));
        assert!(Arc::ptr_eq(&remembered(id, interface).unwrap().0, &hosted));
        assert_eq!(kind(find(id, interface + 1)), ErrorKind::Unknown);
        REGISTRY.release(id, LOCAL, 1);
        assert_eq!(Arc::strong_count(&hosted), 1);
        assert_eq!(
            kind(find(id, interface)),
            ErrorKind::Gone,
            "though it is still there"
        );
        drop(hosted);
        assert_eq!(kind(find(id, interface)), ErrorKind::Gone);
    }

    #[test]
    fn more_objects_than_a_thread_remembers_are_all_found() {
        let objects: Vec<_> = (0..3 * PLACES)
            .map(|_| REGISTRY.insert(&NOTHING, false, Box::new(())))
            .collect();
        let interface = nothing().id();
        for hosted in objects.iter().chain(&objects) {
            let (found, _) = find(hosted.id(), interface).unwrap();
            assert!(Arc::ptr_eq(&found, hosted));
        }
        for hosted in objects {
            REGISTRY.release(hosted.id(), LOCAL, 1);
        }
    }
}
