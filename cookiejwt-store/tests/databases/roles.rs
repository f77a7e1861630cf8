//! Roles with few rights, and databases that are not (or no longer) the primary. Each trial has its
//! own role.

use cookiejwt_store::{
    RevocationReason, SeaOrmTokenStore, TokenStore as _,
    conformance::samples::{find, revocation, session},
    sea_orm_store::Migrator,
};
use libtest_mimic::{Failed, Trial};
use sea_orm::{ConnectionTrait as _, DatabaseConnection, DbBackend, DbErr};
use sea_orm_migration::MigratorTrait as _;

use crate::{
    matrix::{Kind, ROWS, Row},
    place::{Place, Places},
    server::{Scratch, runtime},
};

/// What an application needs to read and write.
const NEEDED: [(&str, &str); 4] = [
    ("SELECT, INSERT, UPDATE, DELETE", "cookiejwt_sessions"),
    ("SELECT, INSERT, UPDATE, DELETE", "cookiejwt_throttle"),
    ("SELECT, INSERT, UPDATE, DELETE", "cookiejwt_spent"),
    ("SELECT", "seaql_migrations_cookiejwt"),
];

type Story = fn(&Scratch, &Role) -> Result<(), Failed>;

pub(crate) fn trials(places: &Places) -> Vec<Trial> {
    let mut trials = Vec::new();
    for name in ["PostgreSQL, READ COMMITTED", "MySQL/MariaDB, READ COMMITTED"] {
        let row = ROWS.into_iter().find(|row| row.name() == name).expect("there is one");
        for (what, story) in [
            ("a role without CREATE starts when there is nothing to do", without_create as Story),
            ("else the error names the grants", names_the_grants),
            ("a grant that is missing is named", a_grant_is_missing),
            ("a database that is read-only says so and heals", read_only),
        ] {
            let places = places.clone();
            trials.push(Trial::test(format!("{name}: {what}"), move || tell(&row, &places, story)));
        }
    }
    trials
}

fn tell(row: &Row, places: &Places, story: Story) -> Result<(), Failed> {
    assert!(matches!(row.kind, Kind::Server(_)));
    let Some(Place::Server(scratch)) = places.lend(row)? else { return Ok(()) };
    let role = Role::create(&scratch)?;
    story(&scratch, &role)?;
    drop(role);
    places.take_back(row, Place::Server(scratch));
    Ok(())
}

/// A role that is deleted when dropped, with its grants.
struct Role {
    name: String,
    scratch: &'static crate::server::Server,
    database: String,
    is_postgres: bool,
}

impl Role {
    fn create(scratch: &Scratch) -> Result<Self, Failed> {
        static COUNT: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);
        let count = COUNT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let name = format!("cookiejwt_role_{}_{count}", std::process::id());
        let is_postgres = std::ptr::eq(scratch.server(), &raw const crate::server::POSTGRES);
        let role = Self { name, scratch: scratch.server(), database: scratch.name().to_owned(), is_postgres };
        if is_postgres {
            role.administrate(&format!("CREATE ROLE {} LOGIN", role.name))?;
        } else {
            role.administrate(&format!("CREATE USER {}@'%'", role.name))?;
            // A user of this name that is local only would be preferred to an anonymous one.
            role.administrate(&format!("CREATE USER {}@localhost", role.name))?;
        }
        Ok(role)
    }

    fn administrate(&self, statement: &str) -> Result<(), DbErr> {
        self.scratch.administrate(statement)
    }

    /// Grants something on a table, or on everything.
    async fn grant(&self, owner: &DatabaseConnection, rights: &str, table: &str) -> Result<(), DbErr> {
        let Self { name, database, .. } = self;
        if self.is_postgres {
            return owner.execute_unprepared(&format!("GRANT {rights} ON {table} TO {name}")).await.map(drop);
        }
        for host in ["'%'", "localhost"] {
            let sql = format!("GRANT {rights} ON {database}.{table} TO {name}@{host}");
            owner.execute_unprepared(&sql).await?;
        }
        Ok(())
    }
}

impl Drop for Role {
    fn drop(&mut self) {
        let name = &self.name;
        let statements = if self.is_postgres {
            vec![format!("DROP ROLE {name}")]
        } else {
            vec![format!("DROP USER {name}@'%'"), format!("DROP USER {name}@localhost")]
        };
        for statement in statements {
            if let Err(error) = self.administrate(&statement) {
                eprintln!("the role {name} could not be deleted: {error}");
            }
        }
    }
}

/// The grants of a PostgreSQL role have to be removed before the role.
async fn revoke_all(owner: &DatabaseConnection, role: &Role) -> Result<(), DbErr> {
    if role.is_postgres {
        owner.execute_unprepared(&format!("DROP OWNED BY {}", role.name)).await?;
    }
    Ok(())
}

async fn fresh(owner: &DatabaseConnection) -> Result<(), DbErr> {
    for table in ["cookiejwt_sessions", "cookiejwt_throttle", "cookiejwt_spent", "seaql_migrations_cookiejwt"]
    {
        owner.execute_unprepared(&format!("DROP TABLE IF EXISTS {table}")).await?;
    }
    Ok(())
}

fn without_create(scratch: &Scratch, role: &Role) -> Result<(), Failed> {
    runtime()?.block_on(async {
        let owner = scratch.connect().await?;
        fresh(&owner).await?;
        SeaOrmTokenStore::migrate(owner.clone()).await?;
        for (rights, table) in NEEDED {
            role.grant(&owner, rights, table).await?;
        }
        let db = scratch.connect_as(&role.name).await?;
        assert!(db.execute_unprepared("CREATE TABLE another (id INTEGER)").await.is_err(), "it may not");
        let store = SeaOrmTokenStore::migrate(db.clone()).await?;
        store.create(&session("a")).await?;
        assert!(store.revoke(&revocation("a", RevocationReason::Logout, 1)).await?);
        assert!(find(&store, "a").await.is_some());
        // A migration of a newer version does not matter to this one.
        owner
            .execute_unprepared("INSERT INTO seaql_migrations_cookiejwt VALUES ('m99999999_newer', 1)")
            .await?;
        SeaOrmTokenStore::migrate(db.clone()).await?;
        db.close().await?;
        fresh(&owner).await?;
        revoke_all(&owner, role).await?;
        owner.close().await?;
        Ok(())
    })
}

fn names_the_grants(scratch: &Scratch, role: &Role) -> Result<(), Failed> {
    runtime()?.block_on(async {
        let owner = scratch.connect().await?;
        for applied in [0, 1] {
            fresh(&owner).await?;
            if applied > 0 {
                Migrator::up(&owner, Some(applied)).await?;
            }
            let is_there =
                |table: &str| applied > 0 && !["cookiejwt_throttle", "cookiejwt_spent"].contains(&table);
            for (rights, table) in NEEDED.iter().filter(|(_, table)| is_there(table)) {
                role.grant(&owner, rights, table).await?;
            }
            if !role.is_postgres {
                role.grant(&owner, "SELECT", "*").await?;
            }
            let db = scratch.connect_as(&role.name).await?;
            let error = SeaOrmTokenStore::migrate(db.clone()).await.expect_err("it may not").to_string();
            for word in [
                "create_throttle",
                "create_spent",
                "add_version",
                "CREATE",
                "SELECT, INSERT, UPDATE and DELETE",
                "seaql_migrations_cookiejwt",
            ] {
                assert!(error.contains(word), "{applied} applied, {word}: {error}");
            }
            assert_eq!(error.contains("create_sessions"), applied == 0, "{applied} applied: {error}");
            db.close().await?;
        }
        fresh(&owner).await?;
        revoke_all(&owner, role).await?;
        owner.close().await?;
        Ok(())
    })
}

fn a_grant_is_missing(scratch: &Scratch, role: &Role) -> Result<(), Failed> {
    runtime()?.block_on(async {
        let owner = scratch.connect().await?;
        fresh(&owner).await?;
        SeaOrmTokenStore::migrate(owner.clone()).await?;
        for (_, table) in NEEDED {
            role.grant(&owner, "SELECT", table).await?;
        }
        let db = scratch.connect_as(&role.name).await?;
        let store = SeaOrmTokenStore::migrate(db.clone()).await?;
        let error = store.create(&session("a")).await.expect_err("it may not").to_string();
        assert!(error.contains("needs SELECT, INSERT, UPDATE and DELETE"), "{error}");
        db.close().await?;
        fresh(&owner).await?;
        revoke_all(&owner, role).await?;
        owner.close().await?;
        Ok(())
    })
}

/// Like a demoted primary: its connections stay open and refuse every write. By then the URL leads
/// to another server, here to the same one with another default.
fn read_only(scratch: &Scratch, role: &Role) -> Result<(), Failed> {
    runtime()?.block_on(async {
        let owner = scratch.connect().await?;
        fresh(&owner).await?;
        SeaOrmTokenStore::migrate(owner.clone()).await?;
        for (rights, table) in NEEDED {
            role.grant(&owner, rights, table).await?;
        }
        let db = scratch.connect_as(&role.name).await?;
        make_read_only(&db).await?;
        let store = SeaOrmTokenStore::new(db.clone());
        // The pool opens a new connection, which is not read-only, and the statement is run again.
        store.create(&session("a")).await?;
        assert_eq!(find(&store, "a").await, Some(session("a")));
        db.close().await?;
        if role.is_postgres {
            let sql = format!("ALTER ROLE {} SET default_transaction_read_only = on", role.name);
            owner.execute_unprepared(&sql).await?;
            let db = scratch.connect_as(&role.name).await?;
            let store = SeaOrmTokenStore::migrate(db.clone()).await?;
            for _ in 0..2 {
                let error = store.create(&session("b")).await.expect_err("read-only").to_string();
                assert!(error.contains("a replica or a demoted primary"), "{error}");
            }
            assert_eq!(find(&store, "a").await, Some(session("a")), "reads still work");
            let sql = format!("ALTER ROLE {} SET default_transaction_read_only = off", role.name);
            owner.execute_unprepared(&sql).await?;
            tokio::time::sleep(std::time::Duration::from_secs(1)).await;
            store.create(&session("b")).await?;
            db.close().await?;
        }
        fresh(&owner).await?;
        revoke_all(&owner, role).await?;
        owner.close().await?;
        Ok(())
    })
}

/// Each connection of the pool.
async fn make_read_only(db: &DatabaseConnection) -> Result<(), DbErr> {
    let sql = match db.get_database_backend() {
        DbBackend::Postgres => "SET default_transaction_read_only = on",
        _ => "SET SESSION TRANSACTION READ ONLY",
    };
    db.execute_unprepared(sql).await?;
    // There is one connection so far.
    assert!(db.execute_unprepared("DELETE FROM cookiejwt_throttle").await.is_err(), "it is read-only");
    Ok(())
}
