//! Who made a signature.

/// The packet of a signature, and the subpacket with its maker's fingerprint.
/// Source: RFC 4880 and RFC 9580, 4.3 and 5.2.3.35.
const SIGNATURE: u8 = 2;
const FINGERPRINT: u8 = 33;
/// The form of a signature that rpm and apt read.
const VERSION: u8 = 4;

/// The fingerprint of the key that made a signature, in upper-case hexadecimal digits, where it is
/// stated.
pub fn issuer(signature: &[u8]) -> Option<String> {
    let body = body(signature)?;
    if body.first() != Some(&VERSION) {
        return None;
    }
    let length = usize::from(u16::from_be_bytes(body.get(4..6)?.try_into().ok()?));
    let mut rest = body.get(6..6 + length)?;
    while !rest.is_empty() {
        let (length, after) = length_of(rest)?;
        let (subpacket, after) = after.split_at_checked(length)?;
        let (kind, data) = subpacket.split_first()?;
        // The highest bit says that a reader has to know it.
        if kind & 0x7f == FINGERPRINT {
            return Some(hex::encode_upper(data.get(1..)?));
        }
        rest = after;
    }
    None
}

/// Whether an RSA key made a signature; nothing where it is none that rpm and apt read.
pub fn is_rsa(signature: &[u8]) -> Option<bool> {
    match body(signature)? {
        // Source: RFC 4880, 9.1.
        [VERSION, _, algorithm, ..] => Some(matches!(algorithm, 1..=3)),
        _ => None,
    }
}

/// What is in the packet that a signature is.
fn body(packet: &[u8]) -> Option<&[u8]> {
    let (head, rest) = packet.split_first()?;
    let (tag, (length, rest)) = if head & 0xc0 == 0xc0 {
        (head & 0x3f, length_of(rest)?)
    } else {
        let size = 1_usize << (head & 3);
        let digits = rest.get(..size).filter(|_| head & 0x80 != 0 && size <= 4)?;
        let length = digits.iter().fold(0, |length, digit| (length << 8) | usize::from(*digit));
        ((head >> 2) & 0x0f, (length, rest.get(size..)?))
    };
    rest.get(..length).filter(|_| tag == SIGNATURE)
}

/// A length in the new form, and what follows it.
fn length_of(text: &[u8]) -> Option<(usize, &[u8])> {
    let (first, rest) = text.split_first()?;
    match first {
        0..192 => Some((usize::from(*first), rest)),
        192..224 => {
            let (second, rest) = rest.split_first()?;
            Some((((usize::from(*first) - 192) << 8) + usize::from(*second) + 192, rest))
        }
        255 => {
            let (digits, rest) = rest.split_at_checked(4)?;
            Some((u32::from_be_bytes(digits.try_into().ok()?).try_into().ok()?, rest))
        }
        // The length of a part only.
        224..255 => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signatures_in_both_forms_name_their_makers() {
        let subpackets = [&[5, 2, 0, 0, 0, 1][..], &[0x17, 33 | 0x80, 4], &[0xAB; 21]].concat();
        let length = subpackets.len() as u8;
        let body = [&[4, 0, 22, 8, 0, length][..], &subpackets, &[0, 0, 1, 2]].concat();
        let size = body.len() as u8;
        let wanted = Some("AB".repeat(21));
        for head in
            [&[0xc2, size][..], &[0x88, size], &[0x89, 0, size], &[0xc2, 255, 0, 0, 0, size]]
        {
            let packet = [head, &body].concat();
            assert_eq!(issuer(&packet), wanted, "{head:?}");
            for end in 0..packet.len() {
                assert_eq!(issuer(&packet[..end]), None, "{head:?} {end}");
            }
        }
        let other = [&[0xc2, size][..], &[3], &body[1..]].concat();
        assert_eq!(issuer(&other), None);
        assert_eq!(issuer(&[&[0xc6, size][..], &body].concat()), None);
        assert_eq!(issuer(b"-----BEGIN PGP SIGNATURE-----"), None);
    }
}
