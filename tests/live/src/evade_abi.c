/* SPDX-License-Identifier: Apache-2.0 */
/* Calls of other ABIs, numbers that are no call, and calls that a ring makes. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/filter.h>
#include <linux/io_uring.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "evade.h"

#if defined(__x86_64__)
/* open by the i386 call 5; the path must lie below 4 GiB */
int by_int80(const char *path)
{
	enum { ROOM = 4096 };
	char *low = mmap(NULL, ROOM, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	long r;

	if (low == MAP_FAILED)
		return -1;
	snprintf(low, ROOM, "%s", path);
	__asm__ volatile("int $0x80"
			 : "=a"(r)
			 : "a"(5), "b"(low), "c"(O_RDONLY), "d"(0)
			 : "memory", "r8", "r9", "r10", "r11");
	if ((int)r == -ENOSYS)
		exit(77);
	errno = r < 0 ? (int)-r : 0;
	return show((int)r);
}

/* i386 call 213 is setuid: from then on the caller may not open what is root's alone */
int by_int80_setuid(const char *path)
{
	long r;

	__asm__ volatile("int $0x80" : "=a"(r) : "a"(213), "b"(65534) : "memory", "r8", "r9", "r10", "r11");
	errno = r < 0 ? (int)-r : 0;
	return r < 0 ? -1 : show(open(path, O_RDONLY));
}

/* time() of the page at a fixed address, which old programs call */
int by_vsyscall(const char *path)
{
	long (*page_time)(long *) = (long (*)(long *))0xffffffffff600400ul;
	long now = page_time(NULL), exact = (long)syscall(SYS_time, NULL);

	errno = 0;
	return now < exact - 5 || now > exact ? -1 : show(open(path, O_RDONLY));
}

int by_x32(const char *path)
{
	long fd = syscall(0x40000000 | SYS_open, path, O_RDONLY);

	if (fd < 0 && errno == ENOSYS)
		exit(77);
	return show((int)fd);
}
#endif

/* numbers that are no call of any ABI: the kernel knows none of them, and no rule misses anything */
int by_negative_number(const char *path)
{
	static const long numbers[] = { -1, -2, -1000, INT_MIN };

	for (unsigned int i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		errno = 0;
		if (syscall(numbers[i]) != -1 || errno != ENOSYS)
			return -1;
	}
	return show(open(path, O_RDONLY));
}

static int open_by_ring(int fd, struct io_uring_params params, const char *path)
{
	struct io_uring_sqe *sqe;
	char *sq, *cq;

	sq = mmap(NULL, params.sq_off.array + sizeof(int), PROT_READ | PROT_WRITE, MAP_SHARED, fd, IORING_OFF_SQ_RING);
	cq = mmap(NULL, params.cq_off.cqes + 2 * sizeof(struct io_uring_cqe), PROT_READ, MAP_SHARED, fd,
		  IORING_OFF_CQ_RING);
	sqe = mmap(NULL, sizeof(*sqe), PROT_READ | PROT_WRITE, MAP_SHARED, fd, IORING_OFF_SQES);
	if (sq == MAP_FAILED || cq == MAP_FAILED || (void *)sqe == MAP_FAILED)
		return -1;
	sqe->opcode = IORING_OP_OPENAT;
	sqe->fd = AT_FDCWD;
	sqe->addr = (unsigned long)path;
	sqe->open_flags = O_RDONLY;
	__atomic_store_n((unsigned int *)(void *)(sq + params.sq_off.tail), 1, __ATOMIC_RELEASE);
	if (syscall(SYS_io_uring_enter, fd, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0) < 0)
		return -1;
	return show(((struct io_uring_cqe *)(void *)(cq + params.cq_off.cqes))->res);
}

/* the open is an operation of a ring: no system call of that name is made */
int by_ring(const char *path)
{
	struct io_uring_params params = { 0 };
	int fd = (int)syscall(SYS_io_uring_setup, 1, &params);

	if (fd < 0 && (errno == ENOSYS || errno == EPERM))
		exit(77);
	return fd < 0 ? -1 : open_by_ring(fd, params, path);
}

/* The ring was made by who started all this: descriptor 9, and what its parameters are in the environment. */
int by_given_ring(const char *path)
{
	struct io_uring_params params = { 0 };
	const char *words = getenv("RING");

	if (!words || sscanf(words, "%u %u %u", &params.sq_off.tail, &params.sq_off.array, &params.cq_off.cqes) != 3)
		exit(77);
	return open_by_ring(9, params, path);
}

/* a filter hands a call to a tracer with any message: nobody traces, so it is one that is not there */
int by_own_tracer(const char *path)
{
	struct sock_filter program[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getppid, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[0])),
		BPF_STMT(BPF_ALU | BPF_OR | BPF_K, SECCOMP_RET_TRACE),
		BPF_STMT(BPF_RET | BPF_A, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog fprog = { sizeof(program) / sizeof(program[0]), program };

	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &fprog))
		exit(77);
	for (int message = 0; message < 4096; message++) {
		errno = 0;
		if (syscall(SYS_getppid, message) != -1 || errno != ENOSYS) {
			fprintf(stderr, "message %d goes on\n", message);
			return -1;
		}
	}
	return show(open(path, O_RDONLY));
}
