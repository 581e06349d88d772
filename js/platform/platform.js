// @ts-check
// What a platform offers: the entry that a program imports chooses one, browser.js or node.js, and
// hands it down. No other file asks where it runs.

/**
 * @typedef {object} Platform
 * @property {"page" | "process"} lifetime what ends with it is kept no longer, for messages
 * @property {boolean} isSingleFile whether this package was put into one file, so that nothing lies beside it
 * @property {(bytes: Uint8Array) => number} crc32 unsigned
 * @property {() => string} address what tells this page, worker or program from others
 * @property {(path: string) => URL} toURL of a string without a scheme
 * @property {(url: URL) => Promise<Uint8Array>} read
 * @property {((url: URL) => Promise<OpenedFile>) | undefined} openFile of a file: URL; undefined where they
 *   mean nothing
 * @property {"indexeddb" | "directory"} autoStore what `storage: "auto"` means
 * @property {Folders | undefined} folders undefined where there is no file system
 * @property {() => boolean} isPage whether long work would be seen as a pause of a page
 * @property {() => boolean} isHidden whether such a page is out of sight
 * @property {(end: End) => (() => void)} watchEnd says when a page or a process may be at its end; gives
 *   a function that stops it
 */

/**
 * @typedef {object} OpenedFile
 * @property {number} nbytes
 * @property {ReadableStream<Uint8Array>} stream which closes the file
 */

/**
 * Who is to be told.
 *
 * @typedef {object} End
 * @property {() => void} onHide the page goes out of sight, and may never come back
 * @property {() => void} onExit the process ends: what is not done when this returns is never done
 */

/**
 * @typedef {object} Folders
 * @property {typeof import("node:fs")} fs
 * @property {number} process its number, for the names of temporary files
 * @property {number | undefined} user undefined where users have no numbers
 * @property {() => string} cache the folder for what programs of this user can make again
 * @property {(path: string | URL) => string} resolve gives an absolute path, also of a file: URL
 */

export {};
