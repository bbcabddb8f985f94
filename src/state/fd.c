/* SPDX-License-Identifier: Apache-2.0 */
#include "state/fd.h"

#include "base/cleanup.h"
#include "state/attributes.h"
#include "state/fdtable.h"

struct fd_type_row {
	char letter;
	const char *word;
};

static const struct fd_type_row rows[] = {
	[FD_FILE] = { 'f', "file" },
	[FD_DIRECTORY] = { 'd', "directory" },
	[FD_IPV4_SOCK] = { '4', "ipv4" },
	[FD_IPV6_SOCK] = { '6', "ipv6" },
	[FD_IPV4_SERVSOCK] = { '4', "ipv4" },
	[FD_IPV6_SERVSOCK] = { '6', "ipv6" },
	[FD_FIFO] = { 'p', "pipe" },
	[FD_UNIX_SOCK] = { 'u', "unix" },
	[FD_EVENT] = { 'e', "event" },
	[FD_UNSUPPORTED] = { 'X', NULL },
	[FD_SIGNALFD] = { 's', "signalfd" },
	[FD_EVENTPOLL] = { 'l', "eventpoll" },
	[FD_INOTIFY] = { 'i', "inotify" },
	[FD_TIMERFD] = { 't', "timerfd" },
	[FD_NETLINK] = { 'n', "netlink" },
	[FD_FILE_V2] = { 'f', "file" },
	[FD_BPF] = { 'b', "bpf" },
	[FD_USERFAULTFD] = { 'u', "userfaultfd" },
	[FD_IOURING] = { 'r', "io_uring" },
	[FD_MEMFD] = { 'm', "memfd" },
	[FD_PIDFD] = { 'P', "pidfd" },
};

char fd_type_char(enum fd_type type)
{
	if (type == FD_UNKNOWN)
		return 'o';
	return type >= 0 && (size_t)type < ARRAY_SIZE(rows) && rows[type].letter ? rows[type].letter : '?';
}

const char *fd_type_name(enum fd_type type)
{
	return type >= 0 && (size_t)type < ARRAY_SIZE(rows) && rows[type].word ? rows[type].word : "<NA>";
}

struct fd *fd_new(enum fd_type type, int64_t number)
{
	struct fd *fd = malloc(sizeof(*fd)); /* glibc's calloc() is slow for what was freed just before */

	if (fd)
		*fd = (struct fd){ .refs = 1, .type = type, .number = number };
	return fd;
}

struct fd *fd_copy(const struct fd *from)
{
	struct fd *fd = malloc(sizeof(*fd));

	if (!fd)
		return NULL;
	*fd = *from;
	fd->refs = 1;
	fd->name_changed = false;
	rstr_ref(fd->name);
	rstr_ref(fd->name_raw);
	fd->dynamic = NULL;
	fd->ndynamic = 0;
	if (attributes_copy(&fd->dynamic, &fd->ndynamic, from->dynamic, from->ndynamic) < 0) {
		fd_unref(fd);
		return NULL;
	}
	return fd;
}

void fd_unref(struct fd *fd)
{
	if (!fd || --fd->refs)
		return;
	rstr_unref(fd->name);
	rstr_unref(fd->name_raw);
	attributes_free(fd->dynamic, fd->ndynamic);
	free(fd);
}

int fd_set_name(struct fd *fd, struct str name)
{
	int r;

	if (str_eq(rstr_str(fd->name), name))
		return 0;
	r = rstr_assign(&fd->name, name);
	if (r < 0)
		return r;
	fd->name_changed = true;
	return 0;
}

enum l4_proto fd_l4(const struct fd *fd)
{
	switch (fd->type) {
	case FD_IPV4_SOCK:
	case FD_IPV6_SOCK:
		if (fd->socket.l4 != L4_RAW && !(fd->flags & (FDF_ROLE_CLIENT | FDF_ROLE_SERVER)))
			return L4_NA;
		return fd->socket.l4;
	case FD_IPV4_SERVSOCK:
	case FD_IPV6_SERVSOCK:
		return fd->socket.l4;
	default:
		return L4_NA;
	}
}
