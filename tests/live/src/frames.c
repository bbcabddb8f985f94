/* SPDX-License-Identifier: Apache-2.0 */
/* usage: frames PATH...: makes and removes PATH from two functions deep; the last step is an exec of "true". */
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

int inner_call(const char *path);
int outer_call(const char *path);

__attribute__((noinline)) int inner_call(const char *path)
{
	return mkdir(path, 0700) + rmdir(path);
}

__attribute__((noinline)) int outer_call(const char *path)
{
	return inner_call(path) + 1;
}

int main(int argc, char **argv)
{
	if (argc > 1 && outer_call(argv[1]) != 1)
		return 1;
	execlp("true", "true", NULL);
	return 1;
}
