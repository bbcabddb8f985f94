/* SPDX-License-Identifier: Apache-2.0 */
#include "app/pidfile.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/parse.h"

int pidfile_write(const char *path, struct error *err)
{
	auto_file FILE *f = NULL;

	if (!path)
		return 0;
	f = fopen(path, "we");
	if (!f || fprintf(f, "%d", (int)getpid()) < 0 || fflush(f) != 0)
		return error_set(err, -errno, "cannot write %s: %s", path, strerror(errno));
	return 0;
}

void pidfile_remove(const char *path)
{
	auto_free char *text = NULL;
	size_t len;
	int pid;

	if (path && file_read_all(path, 64, &text, &len, NULL) == 0 && parse_int((struct str){ text, len }, &pid) == 0 && pid == (int)getpid())
		(void)unlink(path);
}
