/* SPDX-License-Identifier: Apache-2.0 */
#include "base/inherited.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/parse.h"

#define PROBED 256 /* numbers tried without /proc: shells give out less, and more would only cost time */

static void close_inherited(int fd)
{
	int flags = fcntl(fd, F_GETFD);

	if (fd > STDERR_FILENO && flags >= 0 && !(flags & FD_CLOEXEC))
		close(fd);
}

void inherited_close(void)
{
	DIR *fds = opendir("/proc/self/fd");
	int fd;

	for (const struct dirent *d = fds ? readdir(fds) : NULL; d; d = readdir(fds))
		if (parse_int(str_of(d->d_name), &fd) == 0)
			close_inherited(fd);
	if (fds)
		closedir(fds);
	else
		for (fd = STDERR_FILENO + 1; fd < PROBED; fd++)
			close_inherited(fd);
}

void inherited_let_go(int fd)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null < 0 || dup2(null, fd) < 0)
		close(fd);
	if (null >= 0 && null != fd)
		close(null);
}
