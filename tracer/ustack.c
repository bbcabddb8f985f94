/* SPDX-License-Identifier: Apache-2.0 */
#include "tracer/ustack.h"

#ifdef HAVE_LIBUNWIND

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libunwind-ptrace.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/limits.h"
#include "tracer/arch.h"
#include "tracer/hands.h"
#include "tracer/maps.h"
#include "tracer/procfs.h"
#include "tracer/sight.h"

/* libunwind hands its own cookie to the accessors, so the child finds what it reads at these descriptors. */
enum { FD_MEMORY = 3, FD_REGISTERS, FD_OUT, FD_COUNT };

#define REGISTERS 40 /* at most */

/* The registers in the order of libunwind's numbers, as 64-bit words. */
static size_t number_registers(const struct arch_regs *regs, uint64_t words[REGISTERS])
{
#if defined(__x86_64__)
	const struct user_regs_struct *u = &regs->user;
	const uint64_t order[] = { u->rax, u->rdx, u->rcx, u->rbx, u->rsi, u->rdi, u->rbp, u->rsp, u->r8,
				   u->r9,  u->r10, u->r11, u->r12, u->r13, u->r14, u->r15, u->rip };

	memcpy(words, order, sizeof(order));
	return ARRAY_SIZE(order);
#else
	memcpy(words, regs->user.regs, 31 * sizeof(words[0]));
	words[31] = regs->user.sp;
	words[32] = regs->user.pc;
	return 33;
#endif
}

/* ---- in the child -------------------------------------------------------------------------------------- */

static int access_memory(unw_addr_space_t as, unw_word_t address, unw_word_t *value, int write, void *arg)
{
	(void)as;
	(void)arg;
	if (write || address > INT64_MAX || pread(FD_MEMORY, value, sizeof(*value), (off_t)address) != sizeof(*value))
		return -UNW_EINVAL;
	return 0;
}

static int access_register(unw_addr_space_t as, unw_regnum_t number, unw_word_t *value, int write, void *arg)
{
	uint64_t words[REGISTERS];
	ssize_t n;

	(void)as;
	(void)arg;
	n = recv(FD_REGISTERS, words, sizeof(words), MSG_PEEK);
	if (write || number < 0 || n < 0 || (size_t)number >= (size_t)n / sizeof(words[0]))
		return -UNW_EBADREG;
	*value = words[number];
	return 0;
}

static int access_float(unw_addr_space_t as, unw_regnum_t number, unw_fpreg_t *value, int write, void *arg)
{
	(void)as;
	(void)number;
	(void)value;
	(void)write;
	(void)arg;
	return -UNW_EBADREG;
}

static void add_frame(struct strbuf *line, pid_t tid, unw_cursor_t *cursor, unw_word_t ip, bool innermost)
{
	char name[USTACK_NAME_BYTES], path[MAPS_PATH_BYTES];
	unw_word_t offset = 0;
	struct mapping m;

	if (unw_get_proc_name(cursor, name, sizeof(name), &offset) == 0)
		strbuf_addf(line, "%s+0x%" PRIx64, name, (uint64_t)offset);
	else
		strbuf_addf(line, "0x%" PRIx64, (uint64_t)ip);
	/* a return address may already lie behind its function's file */
	if (maps_identify(tid, ip - !innermost, &m, path) == 0) {
		strbuf_addf(line, " (%s", m.path.len ? path : "anonymous memory");
		strbuf_adds(line, m.build_id_len ? " " : "");
		for (unsigned int i = 0; i < m.build_id_len; i++)
			strbuf_addf(line, "%02x", m.build_id[i]);
		strbuf_addc(line, ')');
	}
	strbuf_addc(line, '\n');
}

static void unwind(pid_t tid)
{
	unw_accessors_t accessors = _UPT_accessors;
	unw_addr_space_t space;
	unw_cursor_t cursor;
	struct strbuf line = { 0 };
	unw_word_t ip, last = 0;
	void *target;

	accessors.access_mem = access_memory;
	accessors.access_reg = access_register;
	accessors.access_fpreg = access_float;
	space = unw_create_addr_space(&accessors, 0);
	target = _UPT_create(tid);
	if (!space || !target || unw_init_remote(&cursor, space, target) < 0)
		return;
	for (int i = 0; i < USTACK_FRAMES; i++) {
		if (unw_get_reg(&cursor, UNW_REG_IP, &ip) < 0 || ip == 0 || ip == last)
			return;
		strbuf_reset(&line);
		add_frame(&line, tid, &cursor, ip, i == 0);
		if (line.failed || write(FD_OUT, line.ptr, line.len) != (ssize_t)line.len || unw_step(&cursor) <= 0)
			return;
		last = ip;
	}
}

static void limit(int resource, rlim_t value)
{
	setrlimit(resource, &(struct rlimit){ value, value });
}

static _Noreturn void child(pid_t tid, const int fds[3])
{
	int high[3];

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	limit(RLIMIT_CPU, USTACK_SECONDS);
	limit(RLIMIT_CORE, 0);
	limit(RLIMIT_FSIZE, 0); /* pipes are not meant */
	for (int i = 0; i < 3; i++)
		high[i] = fcntl(fds[i], F_DUPFD_CLOEXEC, FD_COUNT);
	for (int i = 0; i < 3; i++)
		if (high[i] < 0 || dup2(high[i], FD_MEMORY + i) < 0)
			_exit(1);
	unwind(tid);
	_exit(0);
}

/* ---- in the supervisor --------------------------------------------------------------------------------- */

/* What the child says, until it is done or its time is over. */
static void collect(int fd, struct strbuf *out)
{
	const uint64_t until = clock_ms(CLOCK_MONOTONIC) + USTACK_SECONDS * 1000;
	struct pollfd polled = { fd, POLLIN, 0 };
	char piece[4096];

	while (out->len < USTACK_BYTES) {
		uint64_t now = clock_ms(CLOCK_MONOTONIC);
		ssize_t n;
		int r = poll(&polled, 1, now < until ? (int)(until - now) : 0);

		if (r < 0 && errno == EINTR)
			continue;
		n = r > 0 ? read(fd, piece, sizeof(piece)) : 0;
		if (n <= 0)
			break;
		strbuf_add(out, piece, (size_t)n);
	}
	/* whole frames only */
	while (out->len && out->ptr[out->len - 1] != '\n')
		out->len--;
	if (out->len)
		out->len--;
}

/*
 * A message that nobody takes: it is there for each look. A file for it would need a folder, or a call that
 * some places refuse.
 */
static int keep_registers(pid_t tid)
{
	uint64_t words[REGISTERS];
	struct arch_regs regs;
	auto_fd int from = -1, to = -1;
	int ends[2];
	size_t size;

	if (arch_read(tid, &regs) < 0 || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return -1;
	from = ends[0];
	to = ends[1];
	size = number_registers(&regs, words) * sizeof(words[0]);
	return send(to, words, size, MSG_NOSIGNAL) == (ssize_t)size ? take_fd(from) : -1;
}

struct unwinding {
	struct job job; /* first */
	pid_t tid;
	int memory, registers;
	struct strbuf frames;
};

static void run(struct job *job)
{
	struct unwinding *u = (struct unwinding *)job;
	auto_fd int from = -1, to = -1;
	int pipes[2];
	pid_t pid;

	if (pipe2(pipes, O_CLOEXEC) < 0)
		return;
	from = pipes[0];
	to = pipes[1];
	pid = fork();
	if (pid == 0)
		child(u->tid, (const int[3]){ u->memory, u->registers, to });
	close(take_fd(to));
	if (pid < 0)
		return;
	collect(from, &u->frames);
	kill(pid, SIGKILL);
	/* what it reads may be a server's to give, who is not to be hurried by a signal */
	while (waitpid(pid, NULL, __WALL) < 0 && errno == EINTR)
		;
}

static void forget(struct job *job)
{
	struct unwinding *u = (struct unwinding *)job;

	if (u->memory >= 0)
		close(u->memory);
	if (u->registers >= 0)
		close(u->registers);
	strbuf_free(&u->frames);
	free(u);
}

bool ustack_take(struct hands **hands, pid_t tid, struct strbuf *out)
{
	struct unwinding *u = malloc(sizeof(*u));
	char path[32];
	int r = -EBUSY;

	if (!u)
		return false;
	snprintf(path, sizeof(path), "%d/mem", tid);
	*u = (struct unwinding){
		.job = { run, forget },
		.tid = tid,
		.memory = SIGHT(path, openat(procfs_folder(), path, O_RDONLY | O_CLOEXEC)),
		.registers = keep_registers(tid),
	};
	if (!*hands)
		*hands = hands_new(1, NULL);
	if (*hands && u->memory >= 0 && u->registers >= 0)
		r = hands_do(*hands, &u->job, USTACK_WAIT_MS, USTACK_WAIT_MS);
	if (r == -EAGAIN)
		return false;
	strbuf_reset(out);
	if (r == 0 && !u->frames.failed)
		strbuf_addstr(out, strbuf_str(&u->frames));
	forget(&u->job);
	return out->len && !out->failed;
}

#else

bool ustack_take(struct hands **hands, pid_t tid, struct strbuf *out)
{
	(void)hands;
	(void)tid;
	(void)out;
	return false;
}

#endif
