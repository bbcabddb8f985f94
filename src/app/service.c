/* SPDX-License-Identifier: Apache-2.0 */
#include "app/service.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "app/log.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/parse.h"

static struct {
	struct sockaddr_un address;
	socklen_t len; /* 0 = nobody listens */
	uint64_t every_ms, next_ms; /* words of being alive; 0 = none are wanted */
} manager;

static void tell(const char *words)
{
	auto_fd int fd = manager.len ? socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0) : -1;

	/* a manager that does not read must not hold events up */
	if (fd >= 0 && sendto(fd, words, strlen(words), MSG_NOSIGNAL | MSG_DONTWAIT,
			      (const struct sockaddr *)(const void *)&manager.address, manager.len) < 0)
		log_info("the service manager was not told: %s", strerror(errno));
}

static void read_watchdog(void)
{
	const char *usec = getenv("WATCHDOG_USEC"), *pid = getenv("WATCHDOG_PID");
	uint64_t us;
	int whose;

	if (!usec || parse_u64(str_of(usec), &us) < 0 ||
	    (pid && (parse_int(str_of(pid), &whose) < 0 || whose != (int)getpid())))
		return;
	manager.every_ms = us / 3000; /* three chances */
	manager.every_ms += !manager.every_ms;
}

void service_begin(void)
{
	const char *path = getenv("NOTIFY_SOCKET");
	size_t len = path ? strlen(path) : 0;

	if (len > 1 && len < sizeof(manager.address.sun_path) && (path[0] == '/' || path[0] == '@')) {
		manager.address.sun_family = AF_UNIX;
		memcpy(manager.address.sun_path, path, len);
		if (path[0] == '@') /* abstract: no file */
			manager.address.sun_path[0] = 0;
		manager.len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len + (path[0] == '/'));
		read_watchdog();
	}
	unsetenv("NOTIFY_SOCKET");
	unsetenv("WATCHDOG_USEC");
	unsetenv("WATCHDOG_PID");
}

void service_ready(void)
{
	tell("READY=1\nSTATUS=Watching");
}

void service_reloading(void)
{
	char words[96];

	snprintf(words, sizeof(words), "RELOADING=1\nMONOTONIC_USEC=%" PRIu64 "\nSTATUS=Loading rules",
		 clock_ns(CLOCK_MONOTONIC) / 1000);
	tell(words);
}

void service_stopping(void)
{
	tell("STOPPING=1\nSTATUS=Delivering alerts");
}

void service_alive(void)
{
	uint64_t now;

	if (!manager.every_ms)
		return;
	now = clock_ms(CLOCK_MONOTONIC);
	if (now < manager.next_ms)
		return;
	manager.next_ms = now + manager.every_ms;
	tell("WATCHDOG=1");
}
