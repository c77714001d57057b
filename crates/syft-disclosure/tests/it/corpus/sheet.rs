//! A table, and the same table in each form in which a job may write it.

use std::sync::Arc;

use parquet::basic::{Compression, ConvertedType, Repetition, Type as Physical};
use parquet::data_type::{ByteArray, ByteArrayType, DoubleType, Int64Type};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::types::Type;

use super::File;

#[derive(Debug, Clone)]
pub(crate) struct Sheet {
    pub(crate) header: Vec<String>,
    pub(crate) rows: Vec<Vec<String>>,
}

/// An ending and what writes it.
type Form = (&'static str, fn(&Sheet) -> Vec<u8>);

pub(crate) const FORMS: &[Form] = &[
    ("csv", |sheet| sheet.marked(",").into()),
    ("semicolon.csv", |sheet| sheet.marked(";").into()),
    ("tsv", |sheet| sheet.marked("\t").into()),
    ("json", |sheet| sheet.records().into()),
    ("columns.json", |sheet| sheet.by_column().into()),
    ("split.json", |sheet| sheet.split().into()),
    ("jsonl", |sheet| sheet.lines().into()),
    ("parquet", |sheet| sheet.parquet(Compression::SNAPPY)),
    ("zstd.parquet", |sheet| sheet.parquet(Compression::ZSTD(Default::default()))),
    ("gzip.parquet", |sheet| sheet.parquet(Compression::GZIP(Default::default()))),
    ("txt", |sheet| sheet.marked(", ").into()),
    ("md", |sheet| sheet.markdown().into()),
];

impl Sheet {
    pub(crate) fn new<R, C>(header: &[&str], rows: R) -> Self
    where
        R: IntoIterator<Item = C>,
        C: IntoIterator,
        C::Item: Into<String>,
    {
        let rows = rows.into_iter().map(|row| row.into_iter().map(Into::into).collect());
        Sheet {
            header: header.iter().map(|name| (*name).to_owned()).collect(),
            rows: rows.collect(),
        }
    }

    /// The same in all forms.
    pub(crate) fn files(&self, stem: &str) -> Vec<File> {
        FORMS
            .iter()
            .map(|(ending, write)| File::new(&format!("{stem}.{ending}"), write(self)))
            .collect()
    }

    pub(crate) fn marked(&self, mark: &str) -> String {
        let quoted = |cell: &String| match cell.contains(mark.trim()) && !mark.trim().is_empty() {
            true => format!("\"{cell}\""),
            false => cell.clone(),
        };
        let line = |cells: &Vec<String>| cells.iter().map(quoted).collect::<Vec<_>>().join(mark);
        let lines = std::iter::once(&self.header).chain(&self.rows).map(line);
        lines.fold(String::new(), |text, line| text + &line + "\n")
    }

    fn markdown(&self) -> String {
        let line = |cells: &Vec<String>| format!("| {} |\n", cells.join(" | "));
        let rule = format!("|{}\n", "---|".repeat(self.header.len()));
        let rows = self.rows.iter().map(line).collect::<String>();
        format!("# Result\n\n{}{rule}{rows}", line(&self.header))
    }

    fn object(&self, row: &[String]) -> String {
        let pairs = self.header.iter().zip(row);
        let pairs: Vec<String> =
            pairs.map(|(name, cell)| format!("{}:{}", text(name), value(cell))).collect();
        format!("{{{}}}", pairs.join(","))
    }

    fn records(&self) -> String {
        let rows: Vec<String> = self.rows.iter().map(|row| self.object(row)).collect();
        format!("[{}]", rows.join(",\n"))
    }

    fn lines(&self) -> String {
        self.rows.iter().map(|row| self.object(row) + "\n").collect()
    }

    /// As pandas does it unless asked otherwise.
    fn by_column(&self) -> String {
        let columns = self.header.iter().enumerate().map(|(at, name)| {
            let cells = self.rows.iter().enumerate();
            let cells: Vec<String> =
                cells.map(|(row, cells)| format!("\"{row}\":{}", value(&cells[at]))).collect();
            format!("{}:{{{}}}", text(name), cells.join(","))
        });
        format!("{{{}}}", columns.collect::<Vec<_>>().join(","))
    }

    fn split(&self) -> String {
        let names: Vec<String> = self.header.iter().map(|name| text(name)).collect();
        let rows = self.rows.iter().map(|row| {
            format!("[{}]", row.iter().map(|cell| value(cell)).collect::<Vec<_>>().join(","))
        });
        let rows = rows.collect::<Vec<_>>().join(",");
        format!("{{\"columns\":[{}],\"data\":[{rows}]}}", names.join(","))
    }

    pub(crate) fn parquet(&self, packed: Compression) -> Vec<u8> {
        self.parquet_as(WriterProperties::builder().set_compression(packed).build())
    }

    pub(crate) fn parquet_as(&self, settings: WriterProperties) -> Vec<u8> {
        let kinds: Vec<Physical> = (0..self.header.len()).map(|at| self.kind(at)).collect();
        let fields = self.header.iter().zip(&kinds).map(|(name, kind)| {
            let text = matches!(kind, Physical::BYTE_ARRAY);
            let converted = if text { ConvertedType::UTF8 } else { ConvertedType::NONE };
            let field = Type::primitive_type_builder(name, *kind).with_converted_type(converted);
            Arc::new(field.with_repetition(Repetition::OPTIONAL).build().unwrap())
        });
        let schema =
            Type::group_type_builder("schema").with_fields(fields.collect()).build().unwrap();
        let mut bytes = Vec::new();
        let mut writer =
            SerializedFileWriter::new(&mut bytes, Arc::new(schema), Arc::new(settings)).unwrap();
        let mut group = writer.next_row_group().unwrap();
        for (at, kind) in kinds.iter().enumerate() {
            self.write(at, *kind, &mut group);
        }
        group.close().unwrap();
        writer.close().unwrap();
        bytes
    }

    fn kind(&self, at: usize) -> Physical {
        let cells = || self.rows.iter().map(|row| row[at].as_str()).filter(|cell| !cell.is_empty());
        if cells().all(|cell| cell.parse::<i64>().is_ok()) {
            Physical::INT64
        } else if cells().all(|cell| cell.parse::<f64>().is_ok()) {
            Physical::DOUBLE
        } else {
            Physical::BYTE_ARRAY
        }
    }

    fn write<W: std::io::Write + Send>(
        &self,
        at: usize,
        kind: Physical,
        group: &mut SerializedRowGroupWriter<'_, W>,
    ) {
        let cells: Vec<&str> = self.rows.iter().map(|row| row[at].as_str()).collect();
        let there: Vec<i16> = cells.iter().map(|cell| i16::from(!cell.is_empty())).collect();
        let filled = cells.iter().filter(|cell| !cell.is_empty());
        let mut column = group.next_column().unwrap().unwrap();
        match kind {
            Physical::INT64 => {
                let values: Vec<i64> = filled.map(|cell| cell.parse().unwrap()).collect();
                column.typed::<Int64Type>().write_batch(&values, Some(&there), None).unwrap();
            }
            Physical::DOUBLE => {
                let values: Vec<f64> = filled.map(|cell| cell.parse().unwrap()).collect();
                column.typed::<DoubleType>().write_batch(&values, Some(&there), None).unwrap();
            }
            _ => {
                let values: Vec<ByteArray> = filled.map(|cell| ByteArray::from(*cell)).collect();
                column.typed::<ByteArrayType>().write_batch(&values, Some(&there), None).unwrap();
            }
        }
        column.close().unwrap();
    }
}

fn text(cell: &str) -> String {
    serde_json::to_string(cell).unwrap()
}

fn value(cell: &str) -> String {
    match cell {
        "" => "null".to_owned(),
        number if number.parse::<f64>().is_ok_and(f64::is_finite) => number.to_owned(),
        other => text(other),
    }
}
