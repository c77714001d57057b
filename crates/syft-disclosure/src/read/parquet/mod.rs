//! Flat tables of Parquet, plain or packed with Snappy, Zstandard or gzip.

mod pages;
mod thrift;

use std::panic::catch_unwind;

use bytes::Bytes;
use parquet::errors::ParquetError;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::Field;

use super::{NotRead, Read, Room};
use crate::rules::ReadLimits;
use crate::table::Table;

const DAMAGED: NotRead = NotRead("it is no Parquet file that can be read");
const NESTED: NotRead = NotRead("it has columns inside of columns");

pub(super) fn read(bytes: &[u8], stem: &str, limits: &ReadLimits) -> Read<Vec<Table>> {
    // The reader asserts what a file of its own kind holds; this one may be damaged.
    catch_unwind(|| tables(bytes, stem, limits)).unwrap_or(Err(DAMAGED))
}

fn damaged(_: ParquetError) -> NotRead {
    DAMAGED
}

fn tables(bytes: &[u8], stem: &str, limits: &ReadLimits) -> Read<Vec<Table>> {
    let reader = SerializedFileReader::new(Bytes::copy_from_slice(bytes)).map_err(damaged)?;
    let metadata = reader.metadata();
    let schema = metadata.file_metadata().schema_descr();
    let flat = |column: &parquet::schema::types::ColumnDescPtr| {
        column.max_rep_level() == 0 && column.path().parts().len() == 1
    };
    if !schema.columns().iter().all(flat) {
        return Err(NESTED);
    }
    let mut room = Room::of(limits);
    room.columns(schema.num_columns())?;
    pages::check(bytes, metadata, limits)?;

    let mut table = Table::new(schema.columns().iter().map(|column| column.name())).named(stem);
    for row in reader.get_row_iter(None).map_err(damaged)? {
        let row = row.map_err(damaged)?;
        room.take(schema.num_columns() + 1)?;
        table.push(row.into_columns().into_iter().map(|(_, field)| text_of(&field)));
    }
    let mut tables = vec![table];
    tables.extend(notes(metadata, &mut room)?);
    Ok(tables)
}

/// Longer ones are looked at as what they may be.
const MOST_SCHEMA_BYTES: usize = 16 * 1024;

/// What the file says beside its columns: names and types, but it may be anything.
fn notes(
    metadata: &parquet::file::metadata::ParquetMetaData,
    room: &mut Room,
) -> Read<Option<Table>> {
    let Some(pairs) = metadata.file_metadata().key_value_metadata() else { return Ok(None) };
    let mut table = Table::new([""]);
    for pair in pairs {
        let value = pair.value.as_deref().unwrap_or_default();
        // What Arrow says of the columns, packed so that nobody reads it.
        if pair.key == "ARROW:schema" && value.len() <= MOST_SCHEMA_BYTES {
            continue;
        }
        room.take(2)?;
        table.push([pair.key.as_str()]);
        table.push([value]);
    }
    Ok((!table.is_empty()).then_some(table))
}

fn text_of(field: &Field) -> String {
    match field {
        Field::Null => String::new(),
        Field::Str(text) => text.clone(),
        Field::Float(number) => number.to_string(),
        Field::Double(number) => number.to_string(),
        Field::Float16(number) => number.to_string(),
        Field::Bytes(bytes) => String::from_utf8_lossy(bytes.data()).into_owned(),
        // Days and moments as ISO 8601 has them.
        Field::Date(_) => field.to_string().split(' ').next().unwrap_or_default().to_owned(),
        Field::TimestampMillis(_) | Field::TimestampMicros(_) => {
            field.to_string().trim_end_matches(" +00:00").replacen(' ', "T", 1)
        }
        other => other.to_string(),
    }
}
