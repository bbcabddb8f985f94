/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_TRACER_DECODE_H
#define MONITOR_TRACER_DECODE_H

#include <sys/stat.h>
#include <sys/types.h>

#include "event/event.h"
#include "event/record.h"
#include "source/source.h"
#include "tracer/memory.h"

/*
 * From a system call's registers and the caller's memory and /proc to an event of the wire format, with Falco's
 * parameter encodings (flags translated from the kernel's to PPM values). Knows nothing of how the call was caught.
 */

/* What /proc said last, to be said again where it cannot have changed (decode_process.c). One for all processes. */
struct decode_memo;
struct procfs_task;
/* NULL: out of memory; the reader (or NULL) is as memory's */
struct decode_memo *decode_memo_new(struct reader *reader);
void decode_memo_free(struct decode_memo *m); /* accepts NULL */
/*
 * What stat and status said of the process that was read last; NULL when that was another one. Borrowed until
 * the next call.
 */
const struct procfs_task *decode_memo_task(const struct decode_memo *m, pid_t tid);

/* The child of the birth that was told last, which was told in full. */
const struct procfs_task *decode_memo_born(const struct decode_memo *m);

struct held_socket;

/* Whether what the arguments point to can change between our look at the entry and the kernel's. */
enum call_bytes {
	BYTES_FIXED, /* it cannot, or that is put up with */
	BYTES_PRIVATE, /* by nobody, where the memory is the process's own */
	BYTES_SHARED, /* by others who share the memory */
};

struct call {
	pid_t tid, pid; /* in the monitor's pid namespace */
	uint64_t ts; /* epoch ns */
	long number; /* of the native ABI */
	uint64_t args[6];
	uint64_t ip;
	enum region region; /* of ip, once somebody asked */
	bool has_result;
	int64_t result; /* negative errno or value; valid when has_result */
	/* the result is: what the call leaves behind cannot be looked at. Of an exec it is what its arguments tell */
	bool assumed;
	struct memory *memory;
	struct reader *reader; /* of what may have to be waited for; NULL = whatever it takes */
	struct decode_memo *memo; /* the tracer's; needed by calls of the execve and clone families that are complete */
	/*
	 * the path argument, when it has been read already (.ptr NULL: not); valid as long as the call waits
	 */
	struct str path;
	struct str other_path; /* likewise, of argument other_arg: of calls with two */
	unsigned int other_arg;
	enum call_bytes bytes;
	bool has_how; /* openat2's request has been read already: the caller may have gone on since */
	uint64_t how[3]; /* its flags, mode and resolve */
	/*
	 * what the call opened, held by us (on-behalf opens): device, inode and flags come from it; -1 = none. Of an
	 * exec whose success is assumed, the program
	 */
	int object_fd;
	const struct stat *object; /* what object_fd is, when that has been asked already; NULL = not */
	const struct held_socket *socket; /* connect, bind: ours (socket.h); NULL = it is the caller's to ask */
	bool created; /* the open made the file: known to whoever opened on behalf */
};

/*
 * Builds the event of a call: provisional when !has_result (parameters that only the result tells are unknown, among
 * them out-parameters). Calls without an event type of their own become GENERIC_X. -ENOENT: the call has no event here.
 */
int decode_call(const struct call *c, struct event_builder *b, struct event *ret_event, struct error *err);

/*
 * The native test for one test of an intercept want, when the parameter is a plain register: false when it is not (then
 * the filter must pass the call to us unconditionally). One PPM test can need several native ones (or-ed). Calls that
 * share an event have their arguments in the same places.
 */
struct native_test {
	unsigned int arg; /* 0 to 5 */
	uint64_t mask, value;
};
#define NATIVE_TESTS 8
bool decode_native_test(const struct arg_test *test, uint16_t event, struct native_test ret_tests[NATIVE_TESTS],
			size_t *ret_count);

/* ---- processes, from ptrace events and /proc (procfs.c) ------------------------------------------------ */

/*
 * execve exit event of a process that has just executed. image: what its stack says of it (image.h), and with
 * it what system calls say instead of /proc/PID/status, for a process of our own pid namespace; NULL = all
 * from /proc.
 */
struct exec_image;
int decode_exec(pid_t tid, pid_t pid, uint64_t ts, struct str filename, const struct exec_image *image,
		struct decode_memo *m, struct event_builder *b, struct event *ret_event, struct error *err);

/*
 * The thread executes: what that leaves as it is, its cgroups and login, is read while it does, and
 * decode_exec() finds it when it comes with an image. One thread at a time; forgotten by
 * decode_exec_forget(), which must come first when the thread may have failed and gone on. tid 0: whoever it
 * is.
 */
void decode_exec_ahead(pid_t tid, struct decode_memo *m);
void decode_exec_forget(struct decode_memo *m, pid_t tid);

/* Of who has ended /proc tells without an error: no arguments, no program, no cgroup. */
bool decode_has_ended(pid_t tid);

struct decode_birth {
	pid_t tid, pid, ptid; /* whom the event is of */
	uint64_t ts;
	uint16_t type;
	uint32_t flags; /* PPM */
	int64_t result; /* the child, for its parent; 0 for the child */
	/* a child: the caller, whose event came right before, when it has all but the ids from it; else 0 */
	pid_t copy_of;
	bool running; /* nobody was stopped for it: who has ended meanwhile cannot be read */
	/*
	 * nothing is read: who it is about, in our own pid namespace; all else is as the caller's is known to
	 * be
	 */
	bool ids_only;
};
/* clone/fork/vfork exit event. */
int decode_fork(const struct decode_birth *f, struct decode_memo *m, struct event_builder *b, struct event *ret_event,
		struct error *err);
/* procexit event from a wait status. */
int decode_exit(pid_t tid, uint64_t ts, int wait_status, struct event_builder *b, struct event *ret_event,
		struct error *err);
/*
 * ITER_TASK event of a process at first sight. twin: another process with the same program, environment and
 * directories, which are read there; tid where there is none. The reader is as memory's.
 */
int decode_task(pid_t tid, pid_t twin, uint64_t ts, struct reader *reader, struct event_builder *b,
		struct event *ret_event, struct error *err);
/*
 * ITER_TASK_FILE_* event of one descriptor, from /proc/PID/fd, fdinfo and (sockets) pidfd_getfd. The reader is as
 * memory's. -ENOENT: not open.
 */
int decode_fd(pid_t tid, int fd, uint64_t ts, struct reader *reader, struct event_builder *b, struct event *ret_event,
	      struct error *err);
/* The same of the current directory, by the number AT_FDCWD; without its inode, for which it would be looked at. */
int decode_cwd(pid_t tid, uint64_t ts, struct event_builder *b, struct event *ret_event, struct error *err);

#endif
