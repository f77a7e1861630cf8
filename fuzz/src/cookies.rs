//! A second implementation of the rules for the `Cookie` field, written from the specification and
//! not from the code (RFC 6265bis §4.2, and the library's documentation: bytes, nothing decoded, 16
//! KiB and 200 pairs).

pub type Pair = (Vec<u8>, Vec<u8>);

/// The pairs of all fields, in order.
pub fn pairs<'a>(fields: impl Iterator<Item = &'a [u8]>) -> Vec<Pair> {
    let mut left = 16 * 1024;
    let mut parts: Vec<Vec<u8>> = Vec::new();
    for field in fields {
        let whole = field.len() <= left;
        let mut of_field: Vec<_> = field[..field.len().min(left)].split(|byte| *byte == b';').collect();
        left -= field.len().min(left);
        if !whole {
            of_field.pop();
        }
        parts.extend(of_field.into_iter().map(<[u8]>::to_vec));
    }
    parts.truncate(200);
    parts.iter().filter_map(|part| pair(part)).collect()
}

/// A value without one pair of quotes around it (RFC 6265 §4.1.1).
pub fn unquoted(value: &[u8]) -> &[u8] {
    value.strip_prefix(b"\"").and_then(|inner| inner.strip_suffix(b"\"")).unwrap_or(value)
}

fn pair(part: &[u8]) -> Option<Pair> {
    let equals = part.iter().position(|byte| *byte == b'=')?;
    Some((trimmed(&part[..equals]), trimmed(&part[equals + 1..])))
}

fn trimmed(bytes: &[u8]) -> Vec<u8> {
    let mut bytes = bytes;
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = bytes {
        bytes = rest;
    }
    bytes.to_vec()
}
