/*
 * files: whole small files, read and written so that a crash leaves the old or the new one.
 *
 * What the system refuses is reported here, with the path, and returned as false; ENOENT of
 * file_read is left to the caller, who may expect it.
 */
#ifndef NBMS_BASE_FILES_H
#define NBMS_BASE_FILES_H

#include "base/buf.h"

#include <sys/types.h>

/* Appends the file's bytes. False with errno set: ENOENT is silent, the rest reported (EFBIG:
 * over the buf's cap). */
bool file_read(const char *path, struct buf *to);

/* A new file; it must not be there. The mode holds from its first byte. Not synced: for many
 * files and one file_sync_all. */
bool file_new(const char *path, mode_t mode, struct span content);

/* A new file with another's bytes and mode. Not synced. */
bool file_copy(const char *from, const char *to);

/* The folders of a relative path below one folder, made below another with their modes. */
bool dirs_mirror(const char *from, const char *to, const char *path);

/* A temporary name beside it, written, synced, renamed over it, the directory synced. */
bool file_replace(const char *path, mode_t mode, struct span content);

/* The directory and those above it; what is there is left as it is. */
bool dir_make(const char *path, mode_t mode);

/* Everything below, and the directory. Absent is fine. Does not follow symbolic links. */
bool dir_remove(const char *path);

/* Waits until all that was written to the path's file system is on the disk. */
bool file_sync_all(const char *path);

#endif
