//! Shared by the three servers: the user, the hand-written check, and the allocation counts.

mod by_hand;
mod sessions;

use std::time::Duration;

use cookiejwt_store::{
    Argon2id, AuthUser, Authenticator, Config, MemoryStore, PasswordHasher, Secret, StoreError, Subject,
    Throttle, UserStore,
};

pub use crate::by_hand::ByHand;

pub type Failure = Box<dyn std::error::Error + Send + Sync>;

#[cfg(feature = "allocations")]
#[global_allocator]
static ALLOCATOR: &stats_alloc::StatsAlloc<std::alloc::System> = &stats_alloc::INSTRUMENTED_SYSTEM;

/// The only user.
pub const USER: &str = "42";
/// The password that `bench/measure.py` sends.
pub const PASSWORD: &str = "correct horse battery staple";

/// The number of allocations since the start; none if they are not counted.
pub fn allocations() -> String {
    #[cfg(feature = "allocations")]
    {
        let stats = ALLOCATOR.stats();
        (stats.allocations + stats.reallocations).to_string()
    }
    #[cfg(not(feature = "allocations"))]
    String::new()
}

/// What to serve, and where: `axum cookiejwt 3000`.
pub fn arguments() -> Result<(String, u16), Failure> {
    let mut arguments = std::env::args().skip(1);
    let variant = arguments.next().ok_or("which variant?")?;
    Ok((variant, arguments.next().ok_or("which port?")?.parse()?))
}

/// What any application has, and no variant without authentication would: a second thread and a
/// timer. In a process that never had a second thread, glibc allocates and calls the system on a
/// shorter path; a runtime without a timer looks at none before it waits.
pub async fn like_an_application() {
    let _ = tokio::task::spawn_blocking(|| ()).await;
    tokio::spawn(async {
        loop {
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    });
}

/// Hashes for two seconds and prints the number per second: the upper limit for logins.
pub fn hashes_per_second() -> Result<String, Failure> {
    let (hasher, start) = (Argon2id::default(), std::time::Instant::now());
    let hash = hasher.hash(PASSWORD)?;
    let mut count = 0;
    while start.elapsed().as_secs() < 2 {
        hasher.verify(PASSWORD, &hash);
        count += 1;
    }
    Ok(format!("{:.2}", f64::from(count) / start.elapsed().as_secs_f64()))
}

/// With the library's defaults, except for throttling, which would refuse a storm of logins of one
/// account. Sessions are in memory, or in the SQLite file in `BENCH_SQLITE`.
pub async fn authenticator() -> Result<Authenticator, Failure> {
    let config = Config::builder()
        .secret(Secret::from_base64("NdJxcwgzwPUhp9sA8I8iO4uLTqbP1uHi9QIvUIdgDCg=")?)
        .issuer("https://app.example")
        .audience("app");
    let builder = Authenticator::builder(config.build()?).users(Users::new()?).throttle(Throttle::off());
    let builder = match std::env::var("BENCH_SQLITE") {
        Ok(path) => builder.tokens(sessions::in_sqlite(&path).await?),
        Err(_) => builder.tokens(MemoryStore::new()),
    };
    Ok(builder.build()?)
}

struct Users(String);

impl Users {
    fn new() -> Result<Self, Failure> {
        Ok(Self(Argon2id::default().hash(PASSWORD)?))
    }

    fn user(&self) -> Option<User> {
        Some(User { hash: self.0.clone() })
    }
}

struct User {
    hash: String,
}

impl AuthUser for User {
    fn subject(&self) -> Subject {
        USER.into()
    }

    fn password_hash(&self) -> Option<&str> {
        Some(&self.hash)
    }
}

impl UserStore for Users {
    type User = User;
    type Error = StoreError;

    async fn find_by_id(&self, _: &Subject) -> Result<Option<User>, StoreError> {
        Ok(self.user())
    }

    async fn find_by_login(&self, _: &str) -> Result<Option<User>, StoreError> {
        Ok(self.user())
    }

    async fn set_password_hash(&self, _: &Subject, _: &str, _: &str) -> Result<bool, StoreError> {
        Ok(false)
    }
}
