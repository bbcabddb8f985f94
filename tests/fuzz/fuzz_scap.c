/* SPDX-License-Identifier: Apache-2.0 */
#include "source/scap.h"

#include <stdio.h>
#include <sys/mman.h>

#include "base/file.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

/* A whole capture, from a file in memory. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	auto_source struct source *s = NULL;
	struct error err;
	struct event ev;
	char path[32];
	auto_fd int fd = memfd_create("capture", MFD_CLOEXEC);

	if (fd < 0 || file_write_all(fd, bytes, len) < 0)
		return 0;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (source_scap_open(path, &s, &err) < 0)
		return 0;
	while (s->ops->next(s, &ev, &err) > 0) {
		for (unsigned int i = 0; i < ev.nparams; i++)
			event_param_int(&ev, i);
	}
	return 0;
}
