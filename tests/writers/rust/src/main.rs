// Writes an archive of the current folder with the zip crate: cargo run -- TARGET

use std::fs::{self, File};
use std::path::Path;

use zip::write::FileOptions;
use zip::ZipWriter;

fn add(writer: &mut ZipWriter<File>, folder: &Path, name: &str) -> Result<(), Box<dyn std::error::Error>> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let below = format!("{name}{}", entry.file_name().to_str().ok_or("a name that is no text")?);
        if entry.file_type()?.is_dir() {
            writer.add_directory(format!("{below}/"), FileOptions::default())?;
            add(writer, &entry.path(), &format!("{below}/"))?;
        } else {
            writer.start_file(below, FileOptions::default())?;
            std::io::copy(&mut File::open(entry.path())?, writer)?;
        }
    }
    Ok(())
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let target = std::env::args().nth(1).ok_or("usage: writer TARGET")?;
    let mut writer = ZipWriter::new(File::create(target)?);
    add(&mut writer, Path::new("."), "")?;
    writer.finish()?;
    Ok(())
}
