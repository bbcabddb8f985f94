/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pages KIND CALL PATH: makes a call whose path, or address, lies in memory that a process has and others may not read,
 * and prints "text-of-the-secret" when it succeeded. KIND "absent" is memory that the kernel cannot read either: the
 * call has to fail. Exit status: 0, or 1 with errno's text, or 77 where the kernel has no such memory.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef PR_SET_TAGGED_ADDR_CTRL
#define PR_SET_TAGGED_ADDR_CTRL 55
#define PR_TAGGED_ADDR_ENABLE	1
#endif
#ifndef SYS_memfd_secret
#define SYS_memfd_secret 447
#endif

#define SIZE	 8192
#define MESSAGE	 256 /* places of what a message consists of */
#define CONTENTS 384

static const char *kind;

static void *map_file(int fd)
{
	void *p = fd < 0 ? MAP_FAILED : mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (p == MAP_FAILED)
		exit(77);
	close(fd);
	return p;
}

static char *make_pages(void)
{
	struct perf_event_attr attributes = {
		.type = PERF_TYPE_SOFTWARE,
		.size = sizeof(attributes),
		.config = PERF_COUNT_SW_DUMMY,
		.exclude_kernel = 1,
	};
	int fd;

	if (strcmp(kind, "memfd-secret") == 0) {
		fd = (int)syscall(SYS_memfd_secret, 0);
		return fd < 0 || ftruncate(fd, SIZE) ? exit(77), NULL : map_file(fd);
	}
	/* behind what the kernel writes there */
	if (strcmp(kind, "perf") == 0)
		return (char *)map_file((int)syscall(SYS_perf_event_open, &attributes, 0, -1, -1, 0)) + 1536;
	if (strcmp(kind, "absent") == 0) {
		fd = memfd_create("short", 0);
		return fd < 0 || ftruncate(fd, SIZE / 2) ? exit(77), NULL : (char *)map_file(fd) + SIZE / 2;
	}
	if (strcmp(kind, "tagged") == 0 && prctl(PR_SET_TAGGED_ADDR_CTRL, PR_TAGGED_ADDR_ENABLE, 0, 0, 0) < 0)
		exit(77);
	return mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

/* As programs of aarch64 have them that look for faults of memory: the kernel does not look at the highest byte. */
static char *tag(char *p)
{
	return strcmp(kind, "tagged") == 0 ? (char *)((uintptr_t)p | 0xb4ull << 56) : p;
}

/* What is written by now stays. */
static void close_pages(char *p)
{
	if (strcmp(kind, "write-only") == 0)
		mprotect(p, SIZE, PROT_WRITE);
	if (strcmp(kind, "execute-only") == 0)
		mprotect(p, SIZE, PROT_EXEC);
}

static int send_there(char *p, const char *call)
{
	struct sockaddr_in to = { AF_INET, htons(7), { inet_addr("127.0.0.66") }, { 0 } };
	struct iovec piece = { p + CONTENTS, 4 };
	struct msghdr h = { .msg_name = p, .msg_namelen = sizeof(to), .msg_iov = &piece, .msg_iovlen = 1 };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	memcpy(p, &to, sizeof(to));
	memcpy(p + MESSAGE, &h, sizeof(h));
	memcpy(p + CONTENTS, "text", 4);
	close_pages(p);
	if (strcmp(call, "sendmsg") == 0)
		return sendmsg(fd, (struct msghdr *)(void *)(p + MESSAGE), 0) < 0 ? -1 : 0;
	return sendto(fd, p + CONTENTS, 4, 0, (struct sockaddr *)(void *)p, sizeof(to)) < 0 ? -1 : 0;
}

static int go(const char *call, const char *path)
{
	char *p = tag(make_pages());

	if (strncmp(call, "send", 4) == 0)
		return send_there(p, call);
	/* who makes many calls is read in another way */
	for (int i = 0; i < 100 && strcmp(call, "unlink-later") == 0; i++)
		close(open("/dev/null", O_RDONLY));
	if (strcmp(kind, "absent") != 0)
		snprintf(p, 1024, "%s", path);
	close_pages(p);
	if (strcmp(call, "open") == 0)
		return open(p, O_RDONLY) < 0 ? -1 : 0;
	if (strcmp(call, "mkdir") == 0)
		return mkdir(p, 0700);
	if (strcmp(call, "chmod") == 0)
		return chmod(p, 0600);
	return unlink(p);
}

int main(int argc, char **argv)
{
	if (argc != 4)
		return 2;
	kind = argv[1];
	if (go(argv[2], argv[3]) == 0 && puts("text-of-the-secret") >= 0)
		return 0;
	fprintf(stderr, "pages: %s %s: %s\n", argv[1], argv[2], strerror(errno));
	return 1;
}
