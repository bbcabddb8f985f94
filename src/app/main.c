/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

int main(void)
{
	fputs("monitor: no command was given\n", stderr);
	return 2;
}
