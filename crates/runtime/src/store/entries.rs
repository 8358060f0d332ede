//! Rows one after the other in one piece of memory: what a checkpoint writes, and what a start reads.
//!
//! A checkpoint of a busy partition has thousands of small rows. As pairs of their own each would cost four allocations
//! and a place in a tree.

/// In the place of a value's length: the row goes away.
const GONE: u32 = u32::MAX;

/// Rows in the order they were put.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Entries {
    bytes: Vec<u8>,
}

/// A row among others.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Entry<'a> {
    pub(crate) key: &'a [u8],
    /// None where the row goes away.
    pub(crate) value: Option<&'a [u8]>,
    /// All of it, as it stands among the others.
    pub(crate) packed: &'a [u8],
}

impl Entries {
    /// A row whose key is a tag and a rest, and whose value `write` appends.
    ///
    /// # Errors
    /// The value cannot be written; what was put before is gone too.
    pub(crate) fn put<E>(
        &mut self,
        tag: u8,
        rest: &[u8],
        write: impl FnOnce(Vec<u8>) -> Result<Vec<u8>, E>,
    ) -> Result<(), E> {
        let place = self.head(tag, rest);
        let begin = self.bytes.len();
        self.bytes = write(std::mem::take(&mut self.bytes))?;
        let length = u32::try_from(self.bytes.len() - begin).unwrap_or(GONE);
        self.set_length(place, length);
        Ok(())
    }

    /// A row that goes away.
    pub(crate) fn remove(&mut self, tag: u8, rest: &[u8]) {
        let place = self.head(tag, rest);
        self.set_length(place, GONE);
    }

    /// A row as it stood among others.
    pub(crate) fn push(&mut self, entry: &Entry<'_>) {
        self.bytes.extend_from_slice(entry.packed);
    }

    /// Rows as they stood among others.
    #[cfg(test)]
    pub(crate) fn of(packed: impl IntoIterator<Item = impl AsRef<[u8]>>) -> Self {
        let mut entries = Self::default();
        packed.into_iter().for_each(|packed| entries.bytes.extend_from_slice(packed.as_ref()));
        entries
    }

    pub(crate) fn iter(&self) -> Iter<'_> {
        Iter::new(&self.bytes)
    }

    /// In pieces of about so many bytes, each at least one row.
    pub(crate) fn pieces(&self, bytes: usize) -> impl Iterator<Item = &[u8]> {
        let (mut rest, mut ahead) = (self.bytes.as_slice(), self.iter());
        std::iter::from_fn(move || {
            let mut length = 0;
            while length < bytes
                && let Some(entry) = ahead.next()
            {
                length += entry.packed.len();
            }
            let (piece, left) = rest.split_at_checked(length)?;
            rest = left;
            (!piece.is_empty()).then_some(piece)
        })
    }

    pub(crate) fn bytes(&self) -> usize {
        self.bytes.len()
    }

    fn head(&mut self, tag: u8, rest: &[u8]) -> usize {
        // Keys are entities and names of timers: far below this.
        let length = u32::try_from(rest.len() + 1).unwrap_or(u32::MAX);
        self.bytes.extend_from_slice(&length.to_le_bytes());
        let place = self.bytes.len();
        self.bytes.extend_from_slice(&GONE.to_le_bytes());
        self.bytes.push(tag);
        self.bytes.extend_from_slice(rest);
        place
    }

    fn set_length(&mut self, place: usize, length: u32) {
        if let Some(bytes) = self.bytes.get_mut(place..place + 4) {
            bytes.copy_from_slice(&length.to_le_bytes());
        }
    }
}

/// The rows of a piece of memory, as far as they can be read.
#[derive(Debug)]
pub(crate) struct Iter<'a> {
    rest: &'a [u8],
}

impl<'a> Iter<'a> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// Whether all of it was read.
    pub(crate) const fn is_done(&self) -> bool {
        self.rest.is_empty()
    }
}

impl<'a> Iterator for Iter<'a> {
    type Item = Entry<'a>;

    fn next(&mut self) -> Option<Entry<'a>> {
        let (key_length, rest) = self.rest.split_first_chunk::<4>()?;
        let (value_length, rest) = rest.split_first_chunk::<4>()?;
        let (key, rest) = rest.split_at_checked(usize::try_from(u32::from_le_bytes(*key_length)).ok()?)?;
        let (value, rest) = match u32::from_le_bytes(*value_length) {
            GONE => (None, rest),
            length => {
                let (value, rest) = rest.split_at_checked(usize::try_from(length).ok()?)?;
                (Some(value), rest)
            }
        };
        let packed = self.rest.get(..self.rest.len() - rest.len())?;
        self.rest = rest;
        Some(Entry { key, value, packed })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(entries: &mut Entries, tag: u8, rest: &str, value: &str) {
        let write = |mut bytes: Vec<u8>| {
            bytes.extend_from_slice(value.as_bytes());
            Ok::<_, ()>(bytes)
        };
        entries.put(tag, rest.as_bytes(), write).unwrap();
    }

    #[test]
    fn rows_come_back_in_order_whole_and_in_pieces() {
        let mut entries = Entries::default();
        put(&mut entries, 1, "a", "one");
        entries.remove(2, b"b");
        put(&mut entries, 1, "", "");
        let rows: Vec<_> = entries.iter().map(|entry| (entry.key, entry.value)).collect();
        let expected: [(&[u8], Option<&[u8]>); 3] = [(b"\x01a", Some(b"one")), (b"\x02b", None), (b"\x01", Some(b""))];
        assert_eq!(rows, expected);
        for bytes in [1, 14, 1_000] {
            assert_eq!(Entries::of(entries.pieces(bytes)), entries);
        }
        assert_eq!((entries.pieces(1).count(), entries.pieces(14).count(), entries.pieces(1_000).count()), (3, 2, 1));
    }

    #[test]
    fn what_is_cut_short_is_not_read_to_the_end() {
        let mut entries = Entries::default();
        put(&mut entries, 1, "a", "one");
        put(&mut entries, 1, "b", "two");
        for cut in 1..entries.bytes.len() {
            let mut iter = Iter::new(&entries.bytes[..cut]);
            assert!(iter.by_ref().count() < 2);
            assert_eq!(iter.is_done(), cut == entries.bytes.len() / 2);
        }
    }
}
