// Writes an archive of the current folder with archive/zip: go run writer.go TARGET
package main

import (
	"archive/zip"
	"io/fs"
	"log"
	"os"
)

func main() {
	file, err := os.Create(os.Args[1])
	check(err)
	writer := zip.NewWriter(file)
	check(fs.WalkDir(os.DirFS("."), ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || path == "." {
			return err
		}
		if entry.IsDir() {
			_, err = writer.Create(path + "/")
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		member, err := writer.Create(path)
		if err != nil {
			return err
		}
		_, err = member.Write(data)
		return err
	}))
	check(writer.Close())
	check(file.Close())
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
