//! `ShareableList` as users have it.

use std::sync::Arc;

use super::cells::{Cells, Patience};
use super::item::Item;
use super::iter::Iter;
use crate::error::{Error, ErrorKind};
use crate::mapped::Mapping;
use crate::memory::SharedMemory;

/// A list of numbers, truth values, text, bytes and nothings in shared memory, which CPython's `multiprocessing.shared_memory.ShareableList` (3.9 and later)
/// reads and writes too: either side can open what the other has made, by its name.
///
/// Its length is fixed, and so is the room of each item: text and bytes can be replaced by others of up to that many bytes, and every item by one of another
/// type. It lives and goes as [`SharedMemory`] does: with the last clone of the handle that made it. As an argument or a result of a call it is its
/// name, and arrives as the same list.
///
/// Several threads and processes may read and write at the same time. In a list that was made here, readers see each item whole, old or new, also when a
/// writer is killed in the middle. CPython takes no part in that: what it is about to write may be seen half written, or as zero, and it may see so what is written
/// here. In a list that CPython has made, only a number that takes the place of one of its type is written whole; for anything else the programs must
/// agree who writes when.
///
/// ```
/// use shared_runtime::memory::{Item, ShareableList};
///
/// let list = ShareableList::new([
///     Item::from("howdy"), b"HoWdY".into(), (-273.154).into(), 100.into(), ().into(), true.into(), 42.into(),
/// ])?;
/// let same = ShareableList::open(list.name())?; // in this process or another
/// assert_eq!(same.get(2)?, Item::Float(-273.154));
/// same.set(2, "dry ice")?;
/// assert_eq!(list.get(2)?.as_str(), Some("dry ice"));
/// assert!(list.set(2, "larger than the room that there is").is_err());
/// assert_eq!(list.get_signed(-1)?, Item::Int(42));
/// assert_eq!(list.index(42)?, 6);
/// assert_eq!(list.count(1)?, 1, "true is one");
/// assert_eq!(list.format()?, "8s8s8sqxxxxxx?xxxxxxxx?q");
/// # Ok::<(), shared_runtime::Error>(())
/// ```
#[derive(Clone)]
pub struct ShareableList {
    memory: SharedMemory,
    cells: Arc<Cells>,
}

impl ShareableList {
    /// A new list of these items, in a block with a name of its own.
    ///
    /// ```
    /// # use shared_runtime::memory::ShareableList;
    /// let list = ShareableList::new(0..2_000)?;
    /// assert_eq!(list.len(), 2_000);
    /// # Ok::<(), shared_runtime::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// `TooLarge` for text or bytes of more than 9,999,991 bytes; `InvalidInput` for such that end in a zero byte (see [`Item::trimmed`]);
    /// `StorageFull` if `/dev/shm` has not as much room; `Io`.
    pub fn new<I>(items: I) -> Result<Self, Error>
    where
        I: IntoIterator<Item: Into<Item>>,
    {
        Self::make(items, SharedMemory::create)
    }

    /// A new list of these items, in a block of this name.
    ///
    /// # Errors
    ///
    /// Those of [`new`](Self::new); `AlreadyExists`; `InvalidInput` for a name that cannot be one.
    pub fn with_name<I>(name: &str, items: I) -> Result<Self, Error>
    where
        I: IntoIterator<Item: Into<Item>>,
    {
        Self::make(items, |size| SharedMemory::create_named(name, size))
    }

    /// The list in the block of this name, whoever made it. One that is being made is waited for.
    ///
    /// # Errors
    ///
    /// Those of [`SharedMemory::open`]; `InvalidData` if what is there is no list, or one of CPython 3.8.
    pub fn open(name: &str) -> Result<Self, Error> {
        SharedMemory::open(name)?.try_into()
    }

    /// A new list in what `block` makes: a new block of the size that it is told.
    pub(crate) fn make<I>(
        items: I,
        block: impl FnOnce(usize) -> Result<SharedMemory, Error>,
    ) -> Result<Self, Error>
    where
        I: IntoIterator<Item: Into<Item>>,
    {
        let items: Vec<Item> = items.into_iter().map(Into::into).collect();
        let memory = block(Cells::size_for(&items)?)?;
        let cells = Cells::make(Mapping::clone(&memory), &items).inspect_err(|_| {
            // Whoever else owns it: nobody will hear of it.
            let _ = memory.unlink();
        })?;
        Ok(Self {
            memory,
            cells: Arc::new(cells),
        })
    }

    /// How many items it has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.cells.len()
    }

    /// Whether it has no items.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The item at `index`.
    ///
    /// # Errors
    ///
    /// `OutOfRange`; `InvalidData` if something else was written over the item; `Timeout` if a process that is stopped has been writing to the list for
    /// ten seconds.
    #[inline]
    pub fn get(&self, index: usize) -> Result<Item, Error> {
        self.cells.read(index)
    }

    /// Has `value` take the place of the item at `index`. If that fails, the item is what it was.
    ///
    /// # Errors
    ///
    /// `OutOfRange`; `TooLarge` for text or bytes that do not fit; `InvalidInput` for such that end in a zero byte (see [`Item::trimmed`]); `Timeout` if a
    /// process that is stopped has been writing to the list for ten seconds.
    #[inline]
    pub fn set(&self, index: usize, value: impl Into<Item>) -> Result<(), Error> {
        self.cells.write(index, &value.into())
    }

    /// The item at `index`, which counts from the end if it is negative: the last is -1.
    ///
    /// # Errors
    ///
    /// Those of [`get`](Self::get).
    pub fn get_signed(&self, index: isize) -> Result<Item, Error> {
        self.get(self.place(index)?)
    }

    /// Has `value` take the place of the item at `index`, which counts from the end if it is negative: the last is -1.
    ///
    /// # Errors
    ///
    /// Those of [`set`](Self::set).
    pub fn set_signed(&self, index: isize, value: impl Into<Item>) -> Result<(), Error> {
        self.set(self.place(index)?, value)
    }

    fn place(&self, index: isize) -> Result<usize, Error> {
        let place = match usize::try_from(index) {
            Ok(index) => Some(index),
            Err(_) => self.len().checked_sub(index.unsigned_abs()),
        };
        place.ok_or_else(|| self.cells.out_of_range(&index))
    }

    /// All items, each read when its turn comes.
    ///
    /// ```
    /// # use shared_runtime::memory::{Item, ShareableList};
    /// let list = ShareableList::new(1..=3)?;
    /// let items = list.iter().collect::<Result<Vec<Item>, _>>()?;
    /// assert_eq!(items, [1, 2, 3].map(Item::Int));
    /// # Ok::<(), shared_runtime::Error>(())
    /// ```
    pub fn iter(&self) -> Iter<'_> {
        Iter::new(&self.cells)
    }

    /// How many items equal this value, as Python compares: see [`Item`].
    ///
    /// # Errors
    ///
    /// Those of [`get`](Self::get).
    pub fn count(&self, value: impl Into<Item>) -> Result<usize, Error> {
        let value = value.into();
        let mut count = 0;
        for item in self {
            count += usize::from(item? == value);
        }
        Ok(count)
    }

    /// The index of the first item that equals this value, as Python compares: see [`Item`].
    ///
    /// # Errors
    ///
    /// `NotFound` if none does; those of [`get`](Self::get).
    pub fn index(&self, value: impl Into<Item>) -> Result<usize, Error> {
        let value = value.into();
        for (index, item) in self.iter().enumerate() {
            if item? == value {
                return Ok(index);
            }
        }
        let text = format!("no item equals {value:?}");
        Err(Error::new(ErrorKind::NotFound, text))
    }

    /// The formats of all items, as Python's `struct` has them: `q` for a whole number, `d` for a float, `xxxxxxx?` for a truth value, `xxxxxx?x` for
    /// nothing, `16s` for text and bytes with room for 16.
    ///
    /// # Errors
    ///
    /// `InvalidData` if something else was written over a format.
    pub fn format(&self) -> Result<String, Error> {
        self.cells.format()
    }

    /// What other processes open it by.
    #[must_use]
    pub fn name(&self) -> &str {
        self.memory.name().unwrap_or_default()
    }

    /// The block that it is in: to remove its name, or to keep it.
    #[must_use]
    pub fn shared_memory(&self) -> &SharedMemory {
        &self.memory
    }
}

/// The list in a block.
impl TryFrom<SharedMemory> for ShareableList {
    type Error = Error;

    fn try_from(memory: SharedMemory) -> Result<Self, Error> {
        let cells = Arc::new(Cells::find(Mapping::clone(&memory), Patience::USUAL)?);
        Ok(Self { memory, cells })
    }
}

impl<'a> IntoIterator for &'a ShareableList {
    type Item = Result<Item, Error>;
    type IntoIter = Iter<'a>;

    fn into_iter(self) -> Iter<'a> {
        self.iter()
    }
}
