use std::collections::BTreeMap;

/// The class under a name that the submitter knew before: one of Python and of what is
/// much used with data, or one that a file of the job defines. A job can make classes
/// while it runs, and call them after what it has read.
pub(super) fn told_class<'a>(name: &str, files: &'a BTreeMap<String, Vec<u8>>) -> Option<&'a str> {
    let name = name.trim_end().rsplit('.').next()?;
    let known = KNOWN.iter().copied().find(|known| *known == name);
    known.or_else(|| files.values().find_map(|text| defined_in(text, name)))
}

/// The name where a text says `class NAME`.
fn defined_in<'a>(text: &'a [u8], name: &str) -> Option<&'a str> {
    let mut lines = std::str::from_utf8(text).ok()?.lines();
    lines.find_map(|line| {
        let rest = line.trim_start().strip_prefix("class ")?.trim_start();
        let end = rest.find(|c: char| !is_of_name(c)).unwrap_or(rest.len());
        rest.get(..end).filter(|found| !found.is_empty() && *found == name)
    })
}

fn is_of_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// All exceptions of Python 3.14 itself, then those of its library and of packages that
/// jobs on data meet.
const KNOWN: &[&str] = &[
    "ArithmeticError",
    "AssertionError",
    "AttributeError",
    "BaseException",
    "BaseExceptionGroup",
    "BlockingIOError",
    "BrokenPipeError",
    "BufferError",
    "BytesWarning",
    "ChildProcessError",
    "ConnectionAbortedError",
    "ConnectionError",
    "ConnectionRefusedError",
    "ConnectionResetError",
    "DeprecationWarning",
    "EOFError",
    "EncodingWarning",
    "Exception",
    "ExceptionGroup",
    "FileExistsError",
    "FileNotFoundError",
    "FloatingPointError",
    "FutureWarning",
    "GeneratorExit",
    "ImportError",
    "ImportWarning",
    "IndentationError",
    "IndexError",
    "InterruptedError",
    "IsADirectoryError",
    "KeyError",
    "KeyboardInterrupt",
    "LookupError",
    "MemoryError",
    "ModuleNotFoundError",
    "NameError",
    "NotADirectoryError",
    "NotImplementedError",
    "OSError",
    "OverflowError",
    "PendingDeprecationWarning",
    "PermissionError",
    "ProcessLookupError",
    "PythonFinalizationError",
    "RecursionError",
    "ReferenceError",
    "ResourceWarning",
    "RuntimeError",
    "RuntimeWarning",
    "StopAsyncIteration",
    "StopIteration",
    "SyntaxError",
    "SyntaxWarning",
    "SystemError",
    "SystemExit",
    "TabError",
    "TimeoutError",
    "TypeError",
    "UnboundLocalError",
    "UnicodeDecodeError",
    "UnicodeEncodeError",
    "UnicodeError",
    "UnicodeTranslateError",
    "UnicodeWarning",
    "UserWarning",
    "ValueError",
    "Warning",
    "ZeroDivisionError",
    // The library of Python.
    "BadZipFile",
    "BrokenProcessPool",
    "CalledProcessError",
    "DivisionByZero",
    "FrozenInstanceError",
    "InvalidOperation",
    "JSONDecodeError",
    "OperationalError",
    "PicklingError",
    "StatisticsError",
    "TimeoutExpired",
    "UnpicklingError",
    "UnsupportedOperation",
    // numpy, scipy, scikit-learn.
    "AxisError",
    "ConvergenceWarning",
    "DTypePromotionError",
    "LinAlgError",
    "NotFittedError",
    "UFuncTypeError",
    // pandas, polars, pyarrow.
    "ArrowInvalid",
    "ArrowKeyError",
    "ArrowNotImplementedError",
    "ArrowTypeError",
    "ColumnNotFoundError",
    "ComputeError",
    "DataError",
    "DuplicateError",
    "EmptyDataError",
    "IncompatibleFrequency",
    "IndexingError",
    "IntCastingNaNError",
    "InvalidIndexError",
    "InvalidOperationError",
    "MergeError",
    "NoDataError",
    "OutOfBoundsDatetime",
    "OutOfBoundsTimedelta",
    "ParserError",
    "SchemaError",
    "SchemaFieldNotFoundError",
    "ShapeError",
    "SpecificationError",
    "UndefinedVariableError",
];
