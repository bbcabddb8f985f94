/* SPDX-License-Identifier: Apache-2.0 */
#include "app/pidfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/log.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "base/parse.h"

/* The number that stands there, 0 = none. Nothing but a file is read: it might wait. */
static int number_in(const char *path)
{
	auto_free char *text = NULL;
	struct stat st;
	size_t len;
	int pid;

	if (stat(path, &st) < 0 || !S_ISREG(st.st_mode) || file_read_all(path, 64, &text, &len, NULL) < 0)
		return 0;
	if (len && text[len - 1] == '\n') /* others write one */
		len--;
	return parse_int((struct str){ text, len }, &pid) == 0 && pid > 0 ? pid : 0;
}

/* The name of the program that has a number now, "" = nobody or us. */
static void name_of(int pid, char *name, size_t size)
{
	auto_free char *text = NULL;
	char path[32];
	size_t len;

	snprintf(path, sizeof(path), "/proc/%d/comm", pid);
	if (pid != (int)getpid() && file_read_all(path, 64, &text, &len, NULL) == 0 && len)
		snprintf(name, size, "%.*s", (int)len - 1, text);
	else
		*name = '\0';
}

/*
 * A lock of the process: it ends with it, however that ends, while the number in the file may be of another
 * process by now. No child of ours has it. 1 = another process has it, whose number comes back, 0 where that
 * is not known (in another pid namespace).
 */
static int lock(int fd, int *ret_holder)
{
	struct flock all = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	if (fcntl(fd, F_SETLK, &all) == 0 || (errno != EAGAIN && errno != EACCES))
		return 0; /* what is no file cannot be locked, and some file systems have no locks */
	if (fcntl(fd, F_GETLK, &all) < 0 || all.l_type == F_UNLCK)
		return 0; /* it has just ended */
	*ret_holder = all.l_pid > 0 ? (int)all.l_pid : 0;
	return 1;
}

static void tell_former(const char *path, int former, bool runs)
{
	char name[32];

	if (former)
		name_of(former, name, sizeof(name));
	if (runs)
		log_warning("%s is the file of a monitor that still runs (process %d): it names this one from now on",
			    path, former);
	else if (former && *name)
		log_warning("%s was left behind by process %d, whose number is of another now (%s)", path, former,
			    name);
	else if (former)
		log_warning("%s was left behind by process %d, which ended without taking it away", path, former);
}

int pidfile_write(const char *path, struct error *err)
{
	int former, holder = 0, fd;
	bool runs;

	if (!path)
		return 0;
	former = number_in(path); /* before it is locked: to close a file gives up its locks */
	/* a FIFO is not waited for: the command is there already, and would not hear who wants to end it */
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0666);
	if (fd < 0 && errno == ENXIO)
		return error_set(err, -ENXIO, "cannot write the pidfile %s: nobody reads it", path);
	if (fd < 0)
		return error_errno(err, -errno, "cannot write the pidfile %s", path);
	runs = lock(fd, &holder) == 1;
	/* it stays open, and so locked, as long as this process lives */
	if ((ftruncate(fd, 0) < 0 && errno != EINVAL) || dprintf(fd, "%d", (int)getpid()) < 0) {
		int r = -errno;

		close(fd);
		return error_errno(err, r, "cannot write the pidfile %s", path);
	}
	tell_former(path, holder ? holder : former, runs);
	return 0;
}

void pidfile_remove(const char *path)
{
	if (path && number_in(path) == (int)getpid())
		(void)unlink(path);
}
