/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_TRACER_MEMORY_H
#define MONITOR_TRACER_MEMORY_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"

/*
 * Bounded reading of a tracee's memory: /proc/PID/mem kept open, or process_vm_readv where that is
 * cheaper. What may have to be waited for is read by reader (reader.h), which must live longer; NULL =
 * whatever it takes.
 */
struct memory;
struct reader;
int memory_open(pid_t tid, struct reader *reader, struct memory **ret_memory, struct error *err);
/* The same without a descriptor, for few reads; NULL: out of memory. It reads what the thread has at the moment. */
struct memory *memory_direct(pid_t tid, struct reader *reader);
bool memory_can_direct(void); /* whether that works here */
bool memory_is_direct(const struct memory *m);
void memory_has_others(struct memory *m, bool others); /* its process shares it, or has other threads */
void memory_follow(struct memory *m, pid_t tid); /* another thread that has the memory: the former one may end */
int memory_keep(struct memory *m); /* from here on by a descriptor; negative errno: as before */
void memory_close(struct memory *m); /* accepts NULL */
/*
 * Bytes read, at most len: short at the end of a mapping. 0 when the address space is gone, or m is NULL.
 * -EAGAIN, as from those below: it is there, perhaps, but did not come in time.
 */
ssize_t memory_read_some(struct memory *m, uint64_t address, void *bytes, size_t len);
/* Reads exactly len bytes: 0 or -EFAULT, -ESRCH. */
int memory_read(struct memory *m, uint64_t address, void *bytes, size_t len);
/*
 * Reads a NUL-terminated string of at most max bytes without its NUL; it never crosses into an unmapped page by reading
 * ahead. Length, -EFAULT, or -ENAMETOOLONG (bytes holds the first max bytes).
 */
ssize_t memory_read_string(struct memory *m, uint64_t address, char *bytes, size_t max);
/* Whether the address space has ended, as far as can be known without waiting. Accepts NULL. */
bool memory_is_gone(struct memory *m);
/* Whether that read found no memory because it is closed to us: as if it were gone. Accepts NULL. */
bool memory_refused(const struct memory *m);
/* Where the read that failed last with -EFAULT did. */
uint64_t memory_fault(const struct memory *m);
/* Whether something did not come in time. Nothing more is waited for then, until that is forgotten. Accept NULL. */
bool memory_is_late(const struct memory *m);
/*
 * Whether that is so because at most the process itself can read it: it never comes. Whether the kernel could, the
 * call's end tells.
 */
bool memory_is_sealed(const struct memory *m);
void memory_forget_sealed(struct memory *m);
void memory_forget_late(struct memory *m);
/* Whether there may be memory to wait for, so that nothing is to be read or written but through here. */
bool memory_is_wary(const struct memory *m);

#endif
