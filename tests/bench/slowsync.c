/*
 * slowsync - preloaded: every fdatasync and fsync takes a millisecond more, as on a real disk.
 */
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static void wait_1_ms(void)
{
	nanosleep(&(struct timespec){ 0, 1000000 }, NULL);
}

int fdatasync(int fd)
{
	wait_1_ms();
	return (int)syscall(SYS_fdatasync, fd);
}

int fsync(int fd)
{
	wait_1_ms();
	return (int)syscall(SYS_fsync, fd);
}
