/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_BASE_SHA256_H
#define MONITOR_BASE_SHA256_H

#include "base/str.h"

#define SHA256_TEXT 65 /* bytes: hexadecimal digits and a NUL */

/* The SHA-256 digest (FIPS 180-4) of data as text. */
void sha256_text(struct str data, char ret_text[SHA256_TEXT]);

#endif
