/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_TRACER_READER_H
#define MONITOR_TRACER_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * Reads of processes' memory that may have to wait: a page of a file on FUSE or NFS comes when its server
 * gives it, and until then the reader waits in the kernel, where no signal but SIGKILL reaches it. So threads
 * read what may not be there, and who is held up loses a thread instead of everybody's time.
 */
struct job;
struct reader;

#define READER_NAME_BYTES 24 /* "fdinfo/2147483647" */

struct reader *reader_new(void); /* NULL: out of memory */
/* Threads that are held up stay, and end with the process. Accepts NULL. */
void reader_free(struct reader *r);

/* There is, or may be, memory that has to be waited for: nothing is read unasked any more. */
void reader_be_wary(struct reader *r);
/* False for NULL: whoever has none reads as he likes. */
bool reader_is_wary(const struct reader *r);
/*
 * Nobody has been held up yet: where a page is in memory it may be read at once, though it could be taken
 * away in that moment.
 */
bool reader_is_trusting(const struct reader *r);

/*
 * Somebody may hold locks of the kernel for as long as he likes, while he waits for such a page: what needs one is done
 * by threads. False for NULL.
 */
void reader_fear_locks(struct reader *r);
bool reader_fears_locks(const struct reader *r);
/* Has a thread do what may have to wait for a lock (hands.h): as hands_do(), and for no longer than an errand takes. */
int reader_do(struct reader *r, struct job *job);
/* For such a thread, behind its job: leaves a descriptor to be closed by others. Those take it: -1 = there is none. */
void reader_leave(struct reader *r, int fd);
int reader_take_left(struct reader *r);

/*
 * The memory of a thread's process, also by fd (/proc/TID/mem, -1 = none), which stays the caller's: bytes
 * read, short where that is all there is; 0: it is gone. -EAGAIN: it did not come in time (READER_WAIT_MS,
 * and as long as the thread lacks nothing but a processor); -EBUSY: no thread is left; or another -errno.
 */
ssize_t reader_memory(struct reader *r, pid_t tid, int fd, uint64_t address, void *bytes, size_t len);
/*
 * As procfs_read_file(), of a file whose text lies in the process's memory: at once, unless that has become
 * dangerous.
 */
ssize_t reader_file(struct reader *r, pid_t tid, const char *name, char *bytes, size_t max);
/* The same of a file whose text is made below locks that others may hold. */
ssize_t reader_locked_file(struct reader *r, pid_t tid, const char *name, char *bytes, size_t max);

#endif
