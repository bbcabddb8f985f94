/* SPDX-License-Identifier: Apache-2.0 */
#include "output/syslog_local.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"

bool syslog_local_path_ok(const char *path)
{
	return path[0] == '/' && strlen(path) < sizeof(((struct sockaddr_un *)0)->sun_path);
}

int syslog_local_connect(const char *path, unsigned int timeout_ms, int *ret_fd, struct error *err)
{
	struct timeval limit = { .tv_sec = (time_t)(timeout_ms / 1000),
				 .tv_usec = (suseconds_t)(timeout_ms % 1000) * 1000 };
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	auto_fd int fd = -1;

	if (!syslog_local_path_ok(path))
		return error_set(err, -EINVAL, "'%s' is no absolute path of a socket", path);
	memcpy(at.sun_path, path, strlen(path));
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)) < 0 ||
	    connect(fd, (const struct sockaddr *)&at, sizeof(at)) < 0)
		return error_errno(err, -errno, "cannot reach %s", path);
	*ret_fd = take_fd(fd);
	return 0;
}

void syslog_local_head(struct strbuf *out, int pri, const char *tag)
{
	time_t now = time(NULL);
	struct tm tm;
	char stamp[32];

	if (!localtime_r(&now, &tm) || !strftime(stamp, sizeof(stamp), "%h %e %T", &tm))
		stamp[0] = '\0';
	strbuf_addf(out, "<%d>%s %s: ", pri, stamp, tag);
}
