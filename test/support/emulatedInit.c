// The first program of an emulated machine: loads the modules that its root is behind, mounts the root, and becomes the program that it is told.
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/syscall.h>
#include <unistd.h>

static void load_modules(void) {
  for (int number = 0;; number += 1) {
    char path[32];
    snprintf(path, sizeof path, "/modules/%d", number);
    const int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) return;
    if (syscall(SYS_finit_module, file, "", 0) != 0) perror(path);
    close(file);
  }
}

int main(int count, char** arguments) {
  load_modules();
  if (count < 2) {
    fprintf(stderr, "no program\n");
  } else if (mount("root", "/root", "virtiofs", MS_RDONLY, NULL) != 0 || mount("dev", "/root/dev", "devtmpfs", 0, NULL) != 0) {
    perror("mount");
  } else if (chdir("/root") != 0 || mount(".", "/", NULL, MS_MOVE, NULL) != 0 || chroot(".") != 0 || chdir("/") != 0) {
    perror("root");
  } else {
    execv(arguments[1], arguments + 1);
    perror(arguments[1]);
  }
  return reboot(RB_POWER_OFF);
}
