//! Memory for argon2id that is lent, and used again.

use std::sync::{Mutex, MutexGuard, PoisonError};

use argon2::{
    Algorithm, Argon2, Block, Params, Version,
    password_hash::{
        CustomizedPasswordHasher, Error, Result,
        phc::{Output, ParamsString, PasswordHash, Salt},
    },
};

/// As many pieces as were ever lent at a time, of the size that today's parameters need. For an old
/// hash with others, memory is made and given back: a row that asks for much more must not keep it.
///
/// An allocator that gets 19 MiB back for each password puts small things into the gaps: under a
/// storm of logins a process grew to half a gigabyte with two passwords at a time.
pub(crate) struct Memory {
    blocks: usize,
    pieces: Mutex<Vec<Vec<Block>>>,
}

impl Memory {
    pub(crate) fn new(today: &Params) -> Self {
        Self { blocks: today.block_count(), pieces: Mutex::default() }
    }

    /// Gives back what is not lent at present.
    pub(crate) fn give_back(&self) {
        self.pieces().clear();
    }

    fn lend<T>(&self, blocks: usize, work: impl FnOnce(&mut [Block]) -> T) -> T {
        if blocks != self.blocks {
            return work(&mut piece(blocks));
        }
        let kept = self.pieces().pop();
        let mut piece = kept.unwrap_or_else(|| piece(blocks));
        let result = work(&mut piece);
        self.pieces().push(piece);
        result
    }

    fn pieces(&self) -> MutexGuard<'_, Vec<Vec<Block>>> {
        // A piece is there or it is not, so a panic elsewhere leaves none half-lent.
        self.pieces.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What glibc never takes from a heap: a larger piece is mapped, and given back to the system when
/// it is freed. From a smaller one it learns to keep such pieces, for the rest of the process.
const MAPPED: usize = 32 * 1024 * 1024;

/// A piece of this many blocks. What is reserved beyond them is never touched, so it is no memory.
fn piece(blocks: usize) -> Vec<Block> {
    let mut piece = Vec::with_capacity(blocks.max(MAPPED / Block::SIZE + 1));
    piece.resize(blocks, Block::new());
    piece
}

/// argon2 as its crate has it, in lent memory; the crate compares the result in constant time.
pub(crate) struct Hashing<'a>(pub(crate) &'a Memory);

impl CustomizedPasswordHasher<PasswordHash> for Hashing<'_> {
    type Params = Params;

    fn hash_password_customized(
        &self,
        password: &[u8],
        salt: &[u8],
        algorithm: Option<&str>,
        version: Option<u32>,
        params: Params,
    ) -> Result<PasswordHash> {
        let algorithm = algorithm.map(Algorithm::try_from).transpose()?.unwrap_or_default();
        let version = version.map(Version::try_from).transpose()?.unwrap_or_default();
        let mut output = [0; Output::MAX_LENGTH];
        let length = params.output_len().unwrap_or(Params::DEFAULT_OUTPUT_LEN);
        let output = output.get_mut(..length).ok_or(Error::OutputSize)?;
        let argon2 = Argon2::new(algorithm, version, params.clone());
        let blocks = params.block_count();
        self.0
            .lend(blocks, |blocks| argon2.hash_password_into_with_memory(password, salt, output, blocks))?;
        Ok(PasswordHash {
            algorithm: algorithm.ident(),
            version: Some(version.into()),
            params: ParamsString::try_from(&params)?,
            salt: Some(Salt::new(salt)?),
            hash: Some(Output::new(output)?),
        })
    }
}

#[cfg(test)]
mod tests {
    use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};

    use super::*;

    /// With memory that is new, that another password has used, and of another size.
    #[test]
    fn the_result_is_that_of_the_crate() {
        let memory = Memory::new(&Params::new(64, 2, 1, None).unwrap());
        let salt = b"sixteen bytes ok";
        for (password, m, t, lanes) in [
            ("a", 32, 1, 1),
            ("a", 64, 2, 1),
            ("b", 64, 2, 1),
            ("a", 128, 3, 2),
            ("c", 64, 1, 1),
            ("a", 64, 2, 1),
        ] {
            let params = Params::new(m, t, lanes, None).unwrap();
            let expected = Argon2::from(&params).hash_password_with_salt(password.as_bytes(), salt).unwrap();
            let hashing = Hashing(&memory);
            let found = hashing.hash_password_customized(password.as_bytes(), salt, None, None, params);
            assert_eq!(found.unwrap().to_string(), expected.to_string(), "{password} m={m} t={t} p={lanes}");
            assert!(hashing.verify_password(password.as_bytes(), &expected).is_ok());
            assert!(hashing.verify_password(b"another", &expected).is_err());
        }
        let kept: Vec<_> = memory.pieces().iter().map(Vec::len).collect();
        assert_eq!(kept, [64], "one at a time needs one piece, and no other size is kept");
        let reserved: Vec<_> = memory.pieces().iter().map(|piece| piece.capacity() * Block::SIZE).collect();
        assert!(reserved.iter().all(|bytes| *bytes > MAPPED), "mapped, so that the system gets it back");
        memory.give_back();
        assert!(memory.pieces().is_empty());
    }
}
