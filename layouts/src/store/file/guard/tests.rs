use super::*;
use crate::store::file::disk::View;

fn file(sql: &str) -> Connection {
    let connection = Connection::open_in_memory().expect("SQLite works");
    create(&connection).expect("they are made");
    connection.execute_batch(sql).expect("sound SQL");
    connection
}

fn judged(mut connection: Connection) -> Tables {
    distrust(&connection).expect("it can be said");
    tables(&mut connection).expect("the schema can be read")
}

#[test]
fn only_our_own_tables_are_ours() {
    assert_eq!(judged(Connection::open_in_memory().expect("SQLite works")), Tables::None);
    assert_eq!(judged(file("")), Tables::Ours);
    for more in [
        "create trigger t after insert on heads begin delete from heads; end",
        "create view v as select * from heads",
        "create table more (a)",
        "create index i on heads (value)",
        "drop table meta",
        "drop table heads; create view heads as select 1 as number, zeroblob(1 << 29) as value",
        "drop table heads; create table heads (number integer primary key, value as (zeroblob(1 << 29)))",
        "drop table heads; create table heads (number integer primary key, value blob check (randomblob(9)))",
        "alter table heads add column more",
    ] {
        assert_eq!(judged(file(more)), Tables::Foreign, "{more}");
    }
}

/// A page of 512 bytes with these cells: `kind` 5 is an inner page, 13 a leaf; `last` is an inner page's last child.
fn page(kind: u8, cells: &[Vec<u8>], last: Option<u32>) -> Vec<u8> {
    let mut page = vec![0; 512];
    let mut end = page.len();
    let mut header = vec![kind, 0, 0, 0, u8::try_from(cells.len()).expect("few")];
    let mut places = Vec::new();
    for cell in cells {
        end -= cell.len();
        page[end..end + cell.len()].copy_from_slice(cell);
        places.extend(u16::try_from(end).expect("within the page").to_be_bytes());
    }
    header.extend(u16::try_from(end).expect("within the page").to_be_bytes());
    header.push(0);
    header.extend(last.into_iter().flat_map(u32::to_be_bytes));
    header.extend(places);
    page[..header.len()].copy_from_slice(&header);
    page
}

/// A schema of one table, and of an index that is named again and again: twenty levels of pages, each of which has the next
/// for all its children.
fn endless() -> Vec<u8> {
    const CHILDREN: usize = 40;
    let mut connection = Connection::open_in_memory().expect("SQLite works");
    let sql = format!("pragma page_size = 512; vacuum; {}", TABLES[0].1);
    connection.execute_batch(&sql).expect("it is made");
    let mut bytes = connection.serialize(rusqlite::MAIN_DB).expect("it is in memory").to_vec();
    assert_eq!((bytes.len() % 512, bytes[100]), (0, 13), "the schema is a leaf of 512 bytes");
    let pages = (bytes.len() / 512) as u32;

    // The first leaf is what the schema was, the table alone.
    let mut leaf = bytes[..512].to_vec();
    leaf.copy_within(100..100 + 8 + 2, 0);
    leaf[4] = 1;
    leaf[10..110].fill(0);
    let texts = ["index", INDEX, "blocks"];
    let mut record = vec![6];
    record.extend(texts.map(|text| 13 + 2 * text.len() as u8));
    record.extend([1, 0]);
    texts.iter().for_each(|text| record.extend(text.as_bytes()));
    record.push(3);
    let index = page(13, &[[&[record.len() as u8, 2], record.as_slice()].concat()], None);

    let child = |to: u32| [to.to_be_bytes().as_slice(), &[2]].concat();
    let first = pages + 1;
    let top = page(5, &[child(first)], Some(first + 2));
    bytes[100..512].fill(0);
    let cells = 12 + 2;
    bytes[100..100 + cells].copy_from_slice(&top[..cells]);
    bytes[507..512].copy_from_slice(&top[507..512]);
    bytes.extend(leaf);
    bytes.extend(index);
    for level in 0..18 {
        let next = if level == 17 { first + 1 } else { first + 3 + level };
        bytes.extend(page(5, &vec![child(next); CHILDREN], Some(next)));
    }
    let count = (bytes.len() / 512) as u32;
    bytes[28..32].copy_from_slice(&count.to_be_bytes());
    bytes
}

#[test]
fn a_schema_that_does_not_end_is_foreign() {
    let error = View::of_bytes(&endless()).expect_err("it is no store");
    assert!(matches!(error, StoreError::Format { .. }), "{error}");
}

#[test]
fn a_journal_that_names_another_file_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("store");
    assert!(!journal(&path).expect("there is none"));
    let put = |bytes: &[u8]| std::fs::write(folder.path().join("store-journal"), bytes).expect("written");
    for ours in [&b""[..], b"short", &[7; 4096]] {
        put(ours);
        assert!(journal(&path).expect("it is one of ours"));
    }
    put(&[&[7; 4096], &b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7"[..]].concat());
    assert!(matches!(journal(&path), Err(StoreError::ForeignJournal { .. })));
    std::fs::write(&path, b"").expect("written");
    let refused = View::open(&path).expect_err("it is refused").to_string();
    assert!(refused.contains("store-journal: ") && refused.contains("another file"), "{refused}");
    assert!(crate::store::file::compact(&path).is_err());
}
